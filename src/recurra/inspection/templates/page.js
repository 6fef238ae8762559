"use strict";
// Draws the page's figures with plotly, in the page's own colours, and again when those change.
const drawing = (() => {
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const painted = new Map(), waiting = new Map();

  const resolve = (node) => {
    if (typeof node === "string") {
      const name = /^var\((--[a-z-]+)\)$/.exec(node);
      return name ? getComputedStyle(document.documentElement).getPropertyValue(name[1]).trim() : node;
    }
    if (ArrayBuffer.isView(node)) return node;
    if (Array.isArray(node)) {
      const numbers = typeof node[0] === "number" && typeof node[1] !== "string";
      return numbers || ArrayBuffer.isView(node[0]) ? node : node.map(resolve);
    }
    if (node && typeof node === "object") {
      return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, resolve(value)]));
    }
    return node;
  };

  // Names of steps below an axis that has room for `width` pixels: all words that fit, or some times.
  const ticks = ({ steps, words }, width) => {
    const longest = Math.max(...steps.map((step) => step.length));
    const room = words ? (longest > 2 ? 15 : 11) : 9 * longest + 24;
    const every = Math.max(1, Math.ceil((steps.length * room) / width));
    const first = words ? 0 : Math.floor(every / 2);  // a long name at the edge would be cut off
    const tickvals = steps.map((_, step) => step).filter((step) => step % every === first % every);
    const tickangle = words && longest > 2 ? (every * width / steps.length > 9 * longest ? 0 : -60) : 0;
    return { tickmode: "array", tickvals, ticktext: tickvals.map((step) => steps[step]), tickangle };
  };

  const plot = (id, figure) => {
    const { data, layout } = resolve(figure);
    const element = document.getElementById(id);
    layout.font.family = getComputedStyle(document.body).fontFamily;
    // On a touch screen a finger scrolls the page; elsewhere dragging zooms in and a double click zooms out.
    layout.dragmode = matchMedia("(pointer: coarse)").matches ? false : "zoom";
    layout.uirevision = id;
    if (layout.meta) {
      Object.assign(layout.xaxis, ticks(layout.meta, element.clientWidth - 60));
      layout.xaxis.unifiedhovertitle = { text: "%{customdata}" };
      for (const trace of data) if (trace.type !== "heatmap") trace.customdata ??= layout.meta.steps;
    }
    Plotly.react(id, data, layout, { displayModeBar: false, responsive: true });
  };

  const begin = (id, paint) => {
    waiting.delete(id);
    painted.set(id, paint);
    paint();
  };
  const lazy = "lazy" in document.body.dataset;
  const watcher = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      watcher.unobserve(target);
      begin(target.id, waiting.get(target.id));
    }
  }, { rootMargin: "50% 0px" });

  // Paints now, or on a lazy page once the element comes near the screen; and again when colours change.
  const when = (id, paint) => {
    if (!lazy) return begin(id, paint);
    waiting.set(id, paint);
    watcher.observe(document.getElementById(id));
  };
  const paint = (id) => painted.get(id)?.();

  const again = () => painted.forEach((paint) => paint());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  addEventListener("beforeprint", () => [...waiting].forEach(([id, paint]) => begin(id, paint)));
  let width = innerWidth, asked;
  if (lazy) addEventListener("resize", () => {
    if (innerWidth === width) return;
    width = innerWidth;
    cancelAnimationFrame(asked);
    asked = requestAnimationFrame(again);
  });
  return { figures, plot, when, paint };
})();

(() => {
  const { figures } = drawing;
  const chosen = {};
  const of = (id) => figures[id].choices ? figures[id].choices[chosen[id] || 0] : figures[id];

  const fill = (id) => {
    const body = document.querySelector(`[data-rows="${id}"]`);
    body.replaceChildren(...of(id).rows.map((row) => {
      const line = document.createElement("tr");
      line.append(...row.map((text) => Object.assign(document.createElement("td"), { textContent: text })));
      return line;
    }));
  };

  for (const id of Object.keys(figures)) {
    if (figures[id].panel) continue;
    drawing.when(id, () => drawing.plot(id, of(id)));
    if (!figures[id].choices) continue;
    fill(id);
    const select = document.querySelector(`select[data-figure="${id}"]`);
    const choose = (place) => {
      const last = select.options.length - 1;
      select.selectedIndex = place < 0 ? last : place > last ? 0 : place;
      chosen[id] = Number(select.value);
      drawing.paint(id);
      fill(id);
    };
    select.selectedIndex = 0;
    select.addEventListener("change", () => choose(select.selectedIndex));
    for (const button of document.querySelectorAll(`button[data-figure="${id}"]`)) {
      button.addEventListener("click", () => choose(select.selectedIndex + Number(button.dataset.by)));
    }
  }
})();
