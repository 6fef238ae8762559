"use strict";
// Draws the page's figures with plotly, in the page's own colours, and again when those change.
(() => {
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const chosen = {};

  const resolve = (node) => {
    if (typeof node === "string") {
      const name = /^var\((--[a-z-]+)\)$/.exec(node);
      return name ? getComputedStyle(document.documentElement).getPropertyValue(name[1]).trim() : node;
    }
    if (Array.isArray(node)) return typeof node[0] === "number" ? node : node.map(resolve);
    if (node && typeof node === "object") {
      return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, resolve(value)]));
    }
    return node;
  };

  const draw = (id) => {
    const { data, layout } = resolve(figures[id].choices ? figures[id].choices[chosen[id] || 0] : figures[id]);
    layout.font.family = getComputedStyle(document.body).fontFamily;
    // On a touch screen a finger scrolls the page; elsewhere dragging zooms in and a double click zooms out.
    layout.dragmode = matchMedia("(pointer: coarse)").matches ? false : "zoom";
    layout.uirevision = id;
    Plotly.react(id, data, layout, { displayModeBar: false, responsive: true });
  };

  const fill = (id) => {
    const body = document.querySelector(`[data-rows="${id}"]`);
    const { rows } = figures[id].choices[chosen[id] || 0];
    body.replaceChildren(...rows.map((row) => {
      const line = document.createElement("tr");
      line.append(...row.map((text) => Object.assign(document.createElement("td"), { textContent: text })));
      return line;
    }));
  };

  for (const id of Object.keys(figures)) {
    draw(id);
    if (!figures[id].choices) continue;
    fill(id);
    const select = document.querySelector(`select[data-figure="${id}"]`);
    const choose = (place) => {
      const last = select.options.length - 1;
      select.selectedIndex = place < 0 ? last : place > last ? 0 : place;
      chosen[id] = Number(select.value);
      draw(id);
      fill(id);
    };
    select.selectedIndex = 0;
    select.addEventListener("change", () => choose(select.selectedIndex));
    for (const button of document.querySelectorAll(`button[data-figure="${id}"]`)) {
      button.addEventListener("click", () => choose(select.selectedIndex + Number(button.dataset.by)));
    }
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => Object.keys(figures).forEach(draw));
})();
