// The explorer: a point on a phase diagram, and what is there. No dependencies; nothing is loaded from elsewhere.
//
// `explore(root, subject, source)` draws the page into an element. The subject says what there is; the source
// answers: `served` asks the server of the page, `held` looks answers up on a grid that came with it.

const SVG = "http://www.w3.org/2000/svg";
const REST = 250; // milliseconds without a movement after which the pointer rests
const COLOURS = 6;
const STABILITIES = ["stable", "metastable", "unstable"];

// -- elements -----------------------------------------------------------------------------------------------

function made(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}
const html = (name, attributes = {}, ...children) => made(document.createElement(name), attributes, children);
const svg = (name, attributes = {}, ...children) => made(document.createElementNS(SVG, name), attributes, children);

const short = (value, digits = 4) => (Number.isFinite(value) ? String(Number(value.toPrecision(digits))) : "-");
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const plain = (text) => text.replace(/\\(?:mathrm|ell|,)\b\{?\}?/g, "").replace(/[$\\{}]/g, "");

function option(select, value, text) {
  select.append(html("option", { value }, text));
}

// -- charts -------------------------------------------------------------------------------------------------

function ticks(low, high) {
  const rough = (high - low) / 5, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((one) => one * power >= rough) * power;
  const found = [];
  for (let value = Math.ceil(low / step) * step; value <= high + 1e-9 * step; value += step) found.push(value);
  return found.map((value) => (Math.abs(value) < 1e-9 * step ? 0 : value));
}

class Chart {
  // Axes in an SVG element; `draw` takes what is inside, in the units of the axes.
  constructor(label, { width = 460, height = 300, ...attributes } = {}) {
    Object.assign(this, { width, height, left: 58, right: 12, top: 12, bottom: 42 });
    this.inside = svg("g", { class: "drawn" });
    this.node = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label, ...attributes }, this.inside);
  }
  limits(xlim, ylim) {
    Object.assign(this, { xlim, ylim });
  }
  X(value) {
    const [low, high] = this.xlim;
    return this.left + ((value - low) / (high - low)) * (this.width - this.left - this.right);
  }
  Y(value) {
    const [low, high] = this.ylim;
    return this.height - this.bottom - ((value - low) / (high - low)) * (this.height - this.top - this.bottom);
  }
  place(event) {
    const box = this.node.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * this.width, y = ((event.clientY - box.top) / box.height) * this.height;
    const share = [
      (x - this.left) / (this.width - this.left - this.right),
      (this.height - this.bottom - y) / (this.height - this.top - this.bottom),
    ];
    return [this.xlim, this.ylim].map(([low, high], i) => low + clamp(share[i], 0, 1) * (high - low));
  }
  path(xs, ys) {
    let text = "", pen = false;
    xs.forEach((x, i) => {
      const y = ys[i];
      if (x === null || y === null) { pen = false; return; }
      text += `${pen ? "L" : "M"}${this.X(x).toFixed(1)} ${this.Y(y).toFixed(1)}`;
      pen = true;
    });
    return text;
  }
  line(xs, ys, kind) {
    return svg("path", { d: this.path(xs, ys), class: `line ${kind}` });
  }
  dot(x, y, kind, title = "") {
    return svg("circle", { cx: this.X(x), cy: this.Y(y), r: 4.5, class: kind }, svg("title", {}, title));
  }
  draw(children, [xlabel, ylabel]) {
    const { left, right, top, bottom, width, height } = this;
    const clip = `clip-${(Chart.count = (Chart.count ?? 0) + 1)}`;
    const frame = { x: left, y: top, width: width - left - right, height: height - top - bottom };
    const marks = [];
    for (const x of ticks(...this.xlim)) {
      marks.push(svg("line", { x1: this.X(x), x2: this.X(x), y1: height - bottom, y2: height - bottom + 5, class: "tick" }));
      marks.push(svg("text", { x: this.X(x), y: height - bottom + 18, "text-anchor": "middle" }, short(x)));
    }
    for (const y of ticks(...this.ylim)) {
      marks.push(svg("line", { x1: left - 5, x2: left, y1: this.Y(y), y2: this.Y(y), class: "tick" }));
      marks.push(svg("text", { x: left - 8, y: this.Y(y) + 4, "text-anchor": "end" }, short(y)));
    }
    marks.push(svg("text", { x: (left + width - right) / 2, y: height - 8, "text-anchor": "middle" }, xlabel));
    const middle = (top + height - bottom) / 2;
    marks.push(svg("text", { x: 13, y: middle, "text-anchor": "middle", transform: `rotate(-90 13 ${middle})` }, ylabel));
    this.inside.replaceChildren(
      svg("clipPath", { id: clip }, svg("rect", frame)),
      svg("g", { "clip-path": `url(#${clip})` }, ...children),
      svg("rect", { ...frame, class: "frame" }),
      ...marks,
    );
  }
}

function around(values, least = 1e-6) {
  const known = values.filter((value) => value !== null && Number.isFinite(value));
  if (!known.length) return [0, 1];
  let low = Math.min(...known), high = Math.max(...known);
  const room = Math.max(0.06 * (high - low), least * Math.max(Math.abs(high), 1e-3));
  return [low - room, high + room];
}

// -- sources ------------------------------------------------------------------------------------------------

export function served(base = "") {
  async function answered(what, fields, signal) {
    const answer = await fetch(`${base}${what}?${new URLSearchParams(fields)}`, { signal });
    if (!answer.ok) throw new Error((await answer.json()).error);
    return answer;
  }
  return {
    live: true,
    async ask(what, fields, signal) {
      return (await answered(what, fields, signal)).json();
    },
    async stream(what, fields, signal, each) {
      const reader = (await answered(what, fields, signal)).body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = "";
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        const lines = (rest + value).split("\n");
        rest = lines.pop();
        for (const line of lines) {
          const message = JSON.parse(line);
          if (message.error) throw new Error(message.error);
          each(message);
        }
      }
    },
  };
}

export function held(subject, answers) {
  const { grid, curves, diagram } = answers;
  const nearest = (axis, value) => axis.reduce((best, one, i) => (Math.abs(one - value) < Math.abs(axis[best] - value) ? i : best), 0);
  const shown = (value) => ({ value, shown: value === null ? "-" : short(value, 6) });
  const at = (fields) => [nearest(grid.x, Number(fields[subject.x])), nearest(grid.y, Number(fields[subject.y]))];

  function states(fields) {
    const [i, j] = at(fields), found = [], missing = {};
    grid.names.forEach((branch, k) => {
      const stability = grid.words[grid.state[k][i][j] + 1]; // the words begin with "not computed"
      if (grid.state[k][i][j] <= 0) { missing[branch] = stability; return; }
      const order = {};
      for (const [name, values] of Object.entries(grid.values)) order[name] = shown(values[k][i][j]);
      const { free_energy, ...others } = order;
      found.push({
        branch, stability, order: others, measures: free_energy ? { free_energy } : {},
        replica_symmetry: !grid.disordered ? null : grid.broken[k][i][j] ? "broken" : "stable",
      });
    });
    const f = (one) => one.measures.free_energy?.value ?? Infinity;
    found.sort((a, b) => f(a) - f(b) || STABILITIES.indexOf(a.stability) - STABILITIES.indexOf(b.stability));
    return { states: found, missing, resting: true };
  }
  function column(fields) { // along the vertical axis the grid itself is what is known
    const [i] = at(fields);
    const parts = grid.names.map((branch, k) => ({
      branch, stability: "unknown", x: grid.y, [fields.name]: grid.values[fields.name]?.[k][i] ?? [],
    }));
    return { axis: fields.axis, name: fields.name, parts, special: [] };
  }
  return {
    live: false,
    points: [grid.x.length, grid.y.length],
    async ask(what, fields) {
      return { ...states(fields), resting: false };
    },
    async stream(what, fields, signal, each) {
      if (what === "rest") each(states(fields));
      else if (what === "diagram") each({ diagram });
      else if (fields.axis === subject.y) each({ curve: column(fields) });
      else each({ curve: { axis: fields.axis, name: fields.name, ...curves[at(fields)[1]] } });
    },
  };
}

// -- the page -----------------------------------------------------------------------------------------------

function latest(run) { // one request in flight; the last one wins
  let busy = false, next = null;
  return async function ask(...asked) {
    if (busy) { next = asked; return; }
    busy = true;
    try {
      await run(...asked);
    } finally {
      busy = false;
      if (next) { const again = next; next = null; ask(...again); }
    }
  };
}

function streamed(source, notice) { // a newer question ends the older one
  let control = null;
  return {
    stop() { control?.abort(); control = null; },
    async ask(what, fields, each) {
      control?.abort();
      const mine = (control = new AbortController());
      try {
        await source.stream(what, fields, mine.signal, (message) => { if (control === mine) each(message); });
      } catch (error) {
        if (control === mine && error.name !== "AbortError") notice(error.message, true);
      } finally {
        if (control === mine) control = null;
      }
    },
  };
}

function panel(title, ...children) {
  const notice = html("p", { class: "notice" });
  const node = html("section", { "aria-label": title }, html("h2", {}, title), ...children, notice);
  const say = (text = "", wrong = false) => {
    notice.textContent = text;
    notice.classList.toggle("wrong", wrong);
  };
  return { node, say };
}

export function explore(root, subject, source) {
  const values = Object.fromEntries(subject.sliders.map((one) => [one.name, one.value]));
  const known = Object.fromEntries(subject.sliders.map((one) => [one.name, one]));
  const axes = [subject.x, subject.y];
  const symbol = (name) => known[name]?.symbol ?? name;
  const colours = new Map(); // one colour for each branch, everywhere
  const colour = (branch) => {
    const name = branch.split(" and ")[0].split(", ")[0];
    if (!colours.has(name)) colours.set(name, colours.size % COLOURS);
    return colours.get(name);
  };
  subject.branches.forEach(colour);
  let told = { states: [], missing: {} };

  // the diagram, with the point
  const labels = axes.map((name) => symbol(name));
  const plane = new Chart(`Phase diagram in ${axes.join(" and ")}`, {
    height: 400, class: "plane", tabindex: 0, role: "application", "aria-roledescription": "phase diagram",
    "aria-describedby": "keys",
  });
  plane.limits(...subject.box);
  const cross = [svg("line", { class: "here" }), svg("line", { class: "here" })], dot = svg("circle", { r: 7, class: "dot" });
  plane.node.append(svg("g", {}, ...cross, dot));
  const legend = html("ul", { class: "legend" });
  const keys = html("p", { id: "keys" }, "Drag the point, or move it by the arrow keys; with Shift by small steps.");
  const map = panel("Phase diagram", plane.node, legend, keys);

  // parameters
  const sliders = {};
  const parameters = panel("Parameters");
  for (const one of subject.sliders) {
    const fixed = !source.live && !axes.includes(one.name);
    const points = source.points?.[axes.indexOf(one.name)];
    const input = html("input", {
      type: "range", id: `slider-${one.name}`, min: one.low, max: one.high, disabled: fixed,
      step: one.integer ? 1 : points ? (one.high - one.low) / (points - 1) : "any",
    });
    input.value = one.value;
    const output = html("output", { for: input.id });
    const label = html("label", { for: input.id }, `${one.symbol}${one.symbol === one.text ? "" : `, ${one.text}`}`);
    input.addEventListener("input", () => moved({ [one.name]: Number(input.value) }));
    sliders[one.name] = { input, output };
    parameters.node.insertBefore(html("div", { class: "slider" }, label, input, output), parameters.node.lastChild);
  }
  const others = Object.entries(subject.fixed).map(([name, value]) => `${name} = ${value}`);
  for (const [branch, name] of Object.entries(subject.minimised)) others.push(`${name} minimises f of ${branch}`);
  parameters.say(others.join(", "));

  // states
  const table = html("div", { class: "table", tabindex: 0, role: "region", "aria-label": "table of the states" });
  const states = panel("States at the point", table);

  // curves
  const axis = html("select", { id: "axis" }), order = html("select", { id: "order" });
  axes.forEach((name) => option(axis, name, symbol(name)));
  subject.names.forEach((name) => option(order, name, name.replace("_", " ")));
  const bend = new Chart("Order parameter along an axis of the diagram");
  const curve = panel(
    "Curve through the point",
    html("div", { class: "controls" }, html("label", { for: "order" }, "order parameter"), order,
      html("label", { for: "axis" }, "against"), axis),
    bend.node,
  );
  const valley = new Chart("Free energy along an order parameter", { height: 240 });
  const profile = panel("Free energy along an order parameter", valley.node);
  let drawn = null; // the curve that is shown

  // machine
  const size = html("select", { id: "size" }), watched = html("select", { id: "watched" });
  const start = html("button", { type: "button" }, "Start");
  const strip = new Chart("Samples of the machine", { height: 240 }), means = html("div", { class: "table" });
  const machine = panel(
    "Machine of finite size",
    html("p", {}, subject.machine?.text ?? ""),
    html("div", { class: "controls" }, html("label", { for: "size" }, "N"), size, start,
      html("label", { for: "watched", class: "awake" }, "shows"), watched),
    strip.node, means,
  );
  for (const N of subject.machine?.sizes ?? []) option(size, N, String(N));
  machine.node.classList.add("asleep"); // until it is started
  let samples = null; // those that came, while a machine is running or has stopped

  const announcement = html("p", { class: "hidden", role: "status", "aria-live": "polite" });
  const left = html("div", {}, map.node, parameters.node), right = html("div", {}, states.node, curve.node);
  if (source.live) right.append(profile.node);
  if (subject.machine) left.append(machine.node);
  const origin = subject.origin ? html("p", {}, `${subject.origin.command}; ${subject.origin.date}; a grid of ${source.points.join(" x ")} points`) : "";
  root.replaceChildren(
    html("header", {}, html("h1", {}, subject.theory), html("p", {}, subject.text)),
    html("div", { class: "columns" }, left, right), origin, announcement,
  );

  // -- moving -----------------------------------------------------------------------------------------------

  let timer = null, plan = ""; // the parameters of the diagram that is shown
  const fields = (more = {}) => ({ ...values, ...more });
  const elsewhere = () => JSON.stringify(Object.entries(values).filter(([name]) => !axes.includes(name)));

  function snapped(name, value) {
    const one = known[name], points = source.points?.[axes.indexOf(name)];
    let found = clamp(value, one.low, one.high);
    if (points) {
      const step = (one.high - one.low) / (points - 1);
      found = clamp(one.low + Math.round((found - one.low) / step) * step, one.low, one.high);
    }
    return one.integer ? Math.round(found) : found;
  }
  function moved(changes) {
    for (const [name, value] of Object.entries(changes)) values[name] = snapped(name, value);
    place();
    busy(true);
    asked();
    clearTimeout(timer);
    timer = setTimeout(rest, REST);
  }
  function place() {
    for (const [name, { input, output }] of Object.entries(sliders)) {
      if (Number(input.value) !== values[name]) input.value = values[name];
      output.textContent = short(values[name]);
    }
    const x = plane.X(values[subject.x]), y = plane.Y(values[subject.y]);
    made(cross[0], { x1: x, x2: x, y1: plane.top, y2: plane.height - plane.bottom }, []);
    made(cross[1], { y1: y, y2: y, x1: plane.left, x2: plane.width - plane.right }, []);
    made(dot, { cx: x, cy: y }, []);
    plane.node.setAttribute("aria-label", `Phase diagram, point at ${where()}`);
    plane.node.classList.toggle("old", plan !== "" && plan !== elsewhere());
    showCurve();
  }
  const where = () => axes.map((name) => `${symbol(name)} = ${short(values[name])}`).join(", ");

  const busy = (flag) => states.node.setAttribute("aria-busy", String(flag));
  const isBusy = () => states.node.getAttribute("aria-busy") === "true";

  function tell(answer) {
    told = answer;
    showStates();
    showCurve();
    states.say(Object.entries(answer.missing).map(([branch, why]) => `no ${branch}: ${why}`).join("; "));
  }
  const asked = latest(async () => {
    try {
      const answer = await source.ask("states", fields());
      if (isBusy()) tell(answer); // else what is known at rest came first
    } catch (error) {
      states.say(error.message, true);
    }
  });
  function askRest() {
    resting.ask("rest", fields(), (answer) => {
      if (timer !== null) return;
      busy(false);
      tell(answer);
      const words = answer.states.map((one) => `${one.branch} ${one.stability}`).join(", ") || "no state";
      announcement.textContent = `${where()}: ${words}`;
    });
  }
  const tracing = streamed(source, curve.say), mapping = streamed(source, map.say), resting = streamed(source, states.say), running = streamed(source, machine.say);

  function askTraces() {
    tracing.ask("traces", fields({ axis: axis.value, name: order.value }), (message) => {
      if (message.told) curve.say(message.told);
      if (message.profile) showProfile(message.profile);
      if (!message.curve) return;
      drawn = message.curve;
      const special = drawn.special.map((one) => `${one.kind} of ${one.branch} at ${symbol(drawn.axis)} = ${one.shown}`);
      curve.say([drawn.why, ...special].filter(Boolean).join("; "));
      showCurve();
    });
    if (source.live) curve.say("tracing ...");
  }
  function askDiagram() {
    const wanted = elsewhere();
    if (plan === wanted) return;
    mapping.ask("diagram", fields(), (message) => {
      if (message.told) { map.say(`tracing the lines: ${message.told}`); return; }
      plan = wanted;
      showDiagram(message.diagram);
      map.say();
      place();
    });
    if (source.live) map.say("tracing the lines ...");
  }
  function rest() {
    timer = null;
    askRest();
    askTraces();
    askDiagram();
    if (samples?.running) run();
  }

  // -- what is shown ----------------------------------------------------------------------------------------

  function showDiagram(diagram) {
    const inside = [svg("defs", {}, svg("pattern", { id: "hatched", width: 7, height: 7, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
      svg("line", { x1: 0, x2: 0, y1: 0, y2: 7, class: "hatch" })))];
    const names = [];
    for (const region of diagram.regions) {
      const phase = region.name.split(" with ")[0];
      if (region.polygon) {
        const d = `${plane.path(region.polygon.map((one) => one[0]), region.polygon.map((one) => one[1]))}Z`;
        inside.push(svg("path", { d, class: `region f${colour(phase)}` }, svg("title", {}, plain(region.name))));
        if (region.metastable?.length) inside.push(svg("path", { d, fill: "url(#hatched)" }, svg("title", {}, plain(region.name))));
      }
      const words = plain(region.label).split("\n");
      words.forEach((word, i) => names.push(svg("text", { x: plane.X(region.at[0]), y: plane.Y(region.at[1]) + 14 * (i - (words.length - 1) / 2), class: "name" }, word)));
    }
    const items = [];
    diagram.lines.forEach((line, i) => {
      const kind = `c${i % COLOURS} ${line.kind}`;
      inside.push(svg("path", { d: plane.path(line.x, line.y), class: `line ${kind}` }, svg("title", {}, line.name)));
      const sample = svg("svg", { viewBox: "0 0 28 10", "aria-hidden": "true" }, svg("path", { d: "M0 5H28", class: `line ${kind}` }));
      items.push(html("li", {}, sample, plain(line.label || line.name)));
      for (const point of line.points ?? []) inside.push(plane.dot(point.x, point.y, "special", plain(point.label || point.name)));
    });
    for (const point of diagram.points) inside.push(plane.dot(point.x, point.y, "special", plain(point.label || point.name)));
    plane.draw([...inside, ...names], labels);
    legend.replaceChildren(...items);
  }

  function showStates() {
    const found = told.states, rows = [];
    const cells = (head, texts, title = "") => rows.push(html("tr", {}, html("th", { scope: "row", title }, head), ...texts));
    cells("stability", found.map((one) => html("td", { class: one.stability }, one.stability)));
    for (const name of Object.keys(found[0]?.order ?? {})) {
      cells(name, found.map((one) => html("td", {}, one.order[name]?.shown ?? "-")), subject.symbols[name] ?? "");
    }
    const measures = [...new Set(found.flatMap((one) => Object.keys(one.measures)))];
    for (const name of measures) cells(name.replace("_", " "), found.map((one) => html("td", {}, one.measures[name]?.shown ?? "-")));
    for (const name of new Set(found.flatMap((one) => Object.keys(one.over ?? {})))) {
      cells(`${name} at the minimum`, found.map((one) => html("td", {}, one.over?.[name]?.shown ?? "-")));
    }
    if (found.some((one) => one.replica_symmetry)) cells("replica symmetry", found.map((one) => html("td", {}, one.replica_symmetry ?? "-")));
    const heads = found.map((one) => html("th", { scope: "col", class: `c${colour(one.branch)}` }, one.branch));
    const what = told.resting ? where() : `${where()} (moving)`;
    table.replaceChildren(html("table", {}, html("caption", {}, what),
      html("thead", {}, html("tr", {}, html("td", {}), ...heads)), html("tbody", {}, ...rows)));
  }

  const value = (state, name) => (state.order[name] ?? state.measures[name])?.value ?? null;

  function showCurve() {
    if (!drawn) return;
    const { name, parts, special } = drawn, at = values[drawn.axis], i = axes.indexOf(drawn.axis);
    const marks = told.states.map((one) => [one.branch, value(one, name)]).filter(([, y]) => y !== null);
    const all = [...parts.flatMap((part) => part[name]), ...marks.map(([, y]) => y)];
    bend.limits(subject.box[i], around(all));
    const inside = parts.map((part) => bend.line(part.x, part[name], `c${colour(part.branch)} ${part.stability}`));
    inside.push(svg("line", { x1: bend.X(at), x2: bend.X(at), y1: 0, y2: bend.height, class: "here" }));
    for (const one of special) {
      if (one[name] !== null) inside.push(bend.dot(one.x, one[name], "special", `${one.kind} at ${one.shown}`));
    }
    for (const [branch, y] of marks) inside.push(bend.dot(at, y, "dot", `${branch}, ${short(y)}`));
    bend.draw(inside, [symbol(drawn.axis), name.replace("_", " ")]);
  }

  function showProfile({ name, parts, why }) {
    profile.say(why ?? "");
    valley.node.toggleAttribute("hidden", !parts.length);
    if (!parts.length) return;
    valley.limits(around(parts.flatMap((part) => part.x)), around(parts.flatMap((part) => part.f)));
    const lines = parts.map((part) => valley.line(part.x, part.f, `c${colour(part.branch)}`));
    const dots = parts.map((part) => valley.dot(part.at, part.value, "dot", `${part.branch}, f = ${short(part.value, 8)}`));
    valley.draw([...lines, ...dots], [name, "f"]);
  }

  function run() {
    machine.node.classList.remove("asleep");
    samples = { running: true, about: null, values: [] };
    start.textContent = "Stop";
    machine.say("starting ...");
    running.ask("machine", fields({ N: size.value }), (message) => {
      if (message.observables) {
        samples.about = message;
        const before = watched.value;
        watched.replaceChildren();
        Object.keys(message.observables).forEach((name) => option(watched, name, name.replace("_", " ")));
        if (before in message.observables) watched.value = before;
      } else {
        samples.values.push(message);
      }
      machine.say(`${samples.values.length} samples of N = ${samples.about.N}${samples.about.branch ? `, beside the ${samples.about.branch}` : ""}`);
      showSamples();
    }).then(() => {
      if (samples.running && samples.about) { samples.running = false; start.textContent = "Start"; }
    });
  }
  function showSamples() {
    if (!samples?.about) return;
    const rows = Object.entries(samples.about.observables).map(([name, { text, theory }]) => {
      const found = samples.values.filter((one) => one.ended).map((one) => one.values[name]).filter((one) => one !== null);
      const n = found.length, mean = found.reduce((sum, one) => sum + one, 0) / n;
      const error = Math.sqrt(found.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (n - 1) / n);
      const measured = n < 2 ? short(mean) : `${mean.toFixed(clamp(Math.ceil(-Math.log10(error || 1e-6)) + 1, 0, 8))} ± ${short(error, 2)}`;
      return html("tr", {}, html("th", { scope: "row", title: text }, name.replace("_", " ")), html("td", {}, measured), html("td", {}, theory === null ? "-" : short(theory, 6)));
    });
    means.replaceChildren(html("table", {}, html("thead", {}, html("tr", {}, ...["", "mean of the samples", "theory"].map((word) => html("th", { scope: "col" }, word)))), html("tbody", {}, ...rows)));
    const name = watched.value, theory = samples.about.observables[name]?.theory ?? null;
    const ys = samples.values.map((one) => one.values[name]);
    strip.limits([0, Math.max(10, ys.length + 1)], around([...ys, theory], 1e-3));
    const inside = samples.values.filter((one) => one.values[name] !== null).map((one) => strip.dot(one.number + 1, one.values[name], one.ended ? "special" : "dot"));
    if (theory !== null) inside.push(strip.line(strip.xlim, [theory, theory], "c1"));
    strip.draw(inside, ["sample", name.replace("_", " ")]);
  }

  // -- what people do ---------------------------------------------------------------------------------------

  const to = (event) => moved(Object.fromEntries(plane.place(event).map((one, i) => [axes[i], one])));
  plane.node.addEventListener("pointerdown", (event) => {
    plane.node.setPointerCapture(event.pointerId);
    to(event);
  });
  plane.node.addEventListener("pointermove", (event) => {
    if (plane.node.hasPointerCapture(event.pointerId)) to(event);
  });
  plane.node.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowDown: [1, -1], ArrowUp: [1, 1] }[event.key];
    if (!step) return;
    event.preventDefault();
    const [i, sign] = step, { low, high } = known[axes[i]];
    const points = source.points?.[i];
    const size = points ? 1 / (points - 1) : event.shiftKey ? 1e-3 : 1e-2;
    moved({ [axes[i]]: values[axes[i]] + sign * size * (high - low) });
  });
  axis.addEventListener("change", askTraces);
  order.addEventListener("change", askTraces);
  watched.addEventListener("change", showSamples);
  size.addEventListener("change", () => { if (samples?.running) run(); });
  start.addEventListener("click", () => {
    if (!samples?.running) { run(); return; }
    running.stop();
    samples.running = false;
    start.textContent = "Start";
  });

  plane.draw([], labels);
  moved(Object.fromEntries(axes.map((name) => [name, values[name]])));
}

const about = document.getElementById("subject");
if (about) {
  const subject = JSON.parse(about.textContent), answers = document.getElementById("answers");
  explore(document.getElementById("explorer"), subject, answers ? held(subject, JSON.parse(answers.textContent)) : served());
}
