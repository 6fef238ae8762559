"use strict";
// Gates over time: any gate or state of any layer as a heat map, and one unit followed through all of them.
(() => {
  const CURVES = [
    ["var(--model)", "solid"], ["var(--last)", "solid"], ["var(--seasonal)", "dash"], ["var(--ets)", "dot"],
    ["var(--soft)", "dashdot"], ["var(--ink)", "solid"],
  ];
  const SEQUENTIAL = ["#00224e", "#35456c", "#666970", "#948e77", "#c8b866", "#fee838"];
  const DIVERGING = ["var(--far-below)", "var(--below)", "var(--middle)", "var(--above)", "var(--far-above)"];
  const colours = (quantity) => (quantity.low < 0 ? DIVERGING : SEQUENTIAL);
  const number = (value) => (Math.abs(value) < 1e-3 && value ? value.toExponential(1) : value.toFixed(3)).replace("-", "−");

  // The values (units, steps) that a code of 8 or 16 bits stands for, decoded when they are first asked for.
  const values = (quantity) => {
    if (!quantity.rows) {
      const { bits, low, high, units, data } = quantity;
      const plain = atob(data.replaceAll("-", "+").replaceAll("_", "/"));
      const bytes = Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
      const codes = bits === 8 ? bytes : new Uint16Array(bytes.buffer);
      const scale = (high - low) / (2 ** bits - 1);
      const steps = codes.length / units;
      quantity.rows = Array.from({ length: units }, (_, unit) =>
        Float32Array.from(codes.subarray(unit * steps, (unit + 1) * steps), (code) => low + scale * code));
    }
    return quantity.rows;
  };

  const layoutOf = (layer, y) => ({
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { color: "var(--soft)", size: 12 },
    margin: { l: 46, r: 40, t: 12, b: 8 },
    xaxis: { range: [-0.5, layer.steps.length - 0.5], showgrid: false, zeroline: false, automargin: true },
    yaxis: { gridcolor: "var(--rule)", linecolor: "var(--rule)", zeroline: false, ...y },
    meta: { steps: layer.steps, words: layer.words },
  });

  const write = (body, rows) => body.replaceChildren(...rows.map(([name, ...cells]) => {
    const line = document.createElement("tr");
    line.append(Object.assign(document.createElement("th"), { scope: "row", textContent: name }));
    line.append(...cells.map((text) => Object.assign(document.createElement("td"), { textContent: text })));
    return line;
  }));
  const heads = (table, names) => {
    const line = document.createElement("tr");
    line.append(...names.map((name) => Object.assign(document.createElement("th"), { scope: "col", textContent: name })));
    table.tHead.replaceChildren(line);
  };
  const offer = (select, names, values) => {
    const before = select.value;
    select.replaceChildren(...names.map((name, i) => new Option(name, values ? values[i] : name)));
    if ([...select.options].some((option) => option.value === before)) select.value = before;
  };

  const panels = [];
  for (const root of document.querySelectorAll("[data-panel]")) {
    const id = root.dataset.panel;
    const { layers } = drawing.figures[id].panel;
    const select = (name) => root.querySelector(`select[name="${name}"]`);
    const part = (name) => root.querySelector(`.${name}`);
    const [map, unit] = [`${id}-map`, `${id}-unit`];

    const layer = () => layers[select("layer").selectedIndex];
    const quantity = () => layer().quantities[select("quantity").selectedIndex];
    const order = () => layer().orders[select("order").value];
    const picked = () => Number(select("unit").value);  // its place as stored
    const name = (place) => `unit ${layer().units[place]}`;

    const paintMap = () => {
      const [own, shown, rows] = [layer(), quantity(), order()];
      const stops = colours(shown), place = rows.indexOf(picked());
      const every = [1, 2, 5, 10, 20, 50].find((step) => rows.length / step <= 14);
      const tickvals = rows.map((_, row) => row).filter((row) => row % every === 0);
      const tickmode = { tickmode: "array", tickvals, ticktext: tickvals.map((row) => String(own.units[rows[row]])) };
      const layout = layoutOf(own, { ...tickmode, range: [rows.length - 0.5, -0.5], showgrid: false });
      layout.annotations = [{
        text: `◂ ${own.units[picked()]}`, x: 1, xref: "paper", xanchor: "left", y: place, showarrow: false, font: { color: "var(--ink)", size: 12 },
      }];
      const z = rows.map((row) => values(shown)[row]);
      const heat = {
        type: "heatmap", z, zmin: shown.low < 0 ? -shown.reach : shown.low, zmax: shown.reach, showscale: false, hoverinfo: "none",
        colorscale: stops.map((colour, i) => [i / (stops.length - 1), colour]),
      };
      document.getElementById(map).style.height = `${Math.min(26, Math.max(7, 1.1 * rows.length + 3))}rem`;
      drawing.plot(map, { data: [heat], layout });
    };

    const paintUnit = () => {
      const own = layer();
      const x = own.steps.map((_, step) => step);
      const data = own.quantities.map((each, i) => ({
        type: "scatter", mode: own.steps.length > 1 ? "lines" : "markers", name: each.name, x, y: values(each)[picked()],
        hovertemplate: "%{y:.3f}", line: { color: CURVES[i % 6][0], dash: CURVES[i % 6][1], width: 1.8 },
        marker: { color: CURVES[i % 6][0], size: 8 },
      }));
      const layout = layoutOf(own, { nticks: 6 });
      layout.hovermode = "x unified";
      layout.hoverlabel = { bgcolor: "var(--panel)", bordercolor: "var(--rule)", font: { color: "var(--ink)" } };
      layout.legend = { orientation: "h", x: 0, y: 1.02, yanchor: "bottom" };
      drawing.plot(unit, { data, layout });
    };

    const tables = () => {
      const own = layer(), shown = quantity();
      if (part("units").open) {
        const gate = shown.low === 0;
        heads(part("units").querySelector("table"), ["Unit", "Mean", "Least", "Most", ...(gate ? ["Under 0.1", "Over 0.9"] : [])]);
        write(part("units").querySelector("tbody"), order().map((row) => {
          const all = [...values(shown)[row]];
          const share = (test) => `${(100 * all.filter(test).length / all.length).toFixed(0)} %`;
          const found = [all.reduce((sum, value) => sum + value, 0) / all.length, Math.min(...all), Math.max(...all)];
          return [String(own.units[row]), ...found.map(number), ...(gate ? [share((v) => v < 0.1), share((v) => v > 0.9)] : [])];
        }));
      }
      if (part("followed").open) {
        heads(part("followed").querySelector("table"), ["Step", ...own.quantities.map((each) => each.name)]);
        write(part("followed").querySelector("tbody"), own.labels.map((step, t) =>
          [step, ...own.quantities.map((each) => number(values(each)[picked()][t]))]));
      }
    };

    const words = () => {
      const own = layer(), shown = quantity();
      part("unit-name").textContent = name(picked());
      part("shown-name").textContent = `${shown.name}, ${own.name}`;
      part("note").textContent = own.note;
      part("scale").style.background = `linear-gradient(to right, ${colours(shown).join(", ")})`;
      const beyond = shown.reach < shown.high;
      part("low").textContent = `${beyond ? "≤ " : ""}${number(shown.low < 0 ? -shown.reach : shown.low)}`;
      part("high").textContent = `${beyond ? "≥ " : ""}${number(shown.reach)}`;
      part("reading").textContent = "Point at the picture, or tap it, to read a value; click to follow that unit.";
    };

    const offerAll = () => {
      offer(select("quantity"), layer().quantities.map((each) => each.name));
      offer(select("order"), Object.keys(layer().orders));
      offerUnits();
    };
    const offerUnits = () => offer(select("unit"), order().map((place) => String(layer().units[place])), order().map(String));
    const changed = () => {
      words();
      tables();
      drawing.paint(map);
      drawing.paint(unit);
    };
    const pick = (option) => {
      select("unit").selectedIndex = (option + select("unit").length) % select("unit").length;
      changed();
    };
    const read = ({ points: [{ x, y }] }) => {
      const value = number(values(quantity())[order()[y]][x]);
      part("reading").textContent = `${name(order()[y])}, ${layer().labels[x]}: ${quantity().name} ${value}`;
    };
    const react = {
      layer: offerAll, quantity: () => {}, order: offerUnits, unit: () => {},
      by: (what, text) => {  // the same of another model, where it has that
        const place = [...select(what).options].findIndex((option) => option.text === text);
        if (place < 0 || select(what).selectedIndex === place) return;
        select(what).selectedIndex = place;
        react[what]();
        changed();
      },
    };

    offer(select("layer"), layers.map((each) => each.name));
    select("layer").selectedIndex = 0;
    offerAll();
    select("unit").value = String((layer().orders["by activity"] ?? order())[0]);
    words();
    for (const what of ["layer", "quantity", "order", "unit"]) {
      select(what).addEventListener("change", () => {
        react[what]();
        changed();
        const text = select(what).selectedOptions[0].text;
        for (const other of panels) if (other !== react) other.by(what, text);
      });
    }
    for (const button of root.querySelectorAll("button[data-by]")) {
      button.addEventListener("click", () => pick(select("unit").selectedIndex + Number(button.dataset.by)));
    }
    part("units").addEventListener("toggle", tables);
    part("followed").addEventListener("toggle", tables);
    drawing.when(map, () => {
      paintMap();
      const element = document.getElementById(map);
      if (element.dataset.live) return;
      element.dataset.live = "yes";
      element.on("plotly_hover", read);
      element.on("plotly_click", (event) => {
        read(event);
        const told = part("reading").textContent;
        pick(event.points[0].y);
        part("reading").textContent = told;
      });
    });
    drawing.when(unit, paintUnit);
    panels.push(react);
  }
})();
