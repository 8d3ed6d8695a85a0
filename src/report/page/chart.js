// One chart: lines, areas and dots over two axes, drawn as SVG at the size that it has on the page,
// with a legend that hides lines and a crosshair that shows values (by pointer or arrow keys).

const SVG = "http://www.w3.org/2000/svg";
// Of the numbers on the axes, at most, in pixels: 12 px high, see report.css.
const kDigitWidth = 7.2;

function svg(name, attributes, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

function html(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

// A dot whose shape shows the line without colour, too.
function mark(line, x, y, size) {
  const shapes = [
    `M${x - size},${y}a${size},${size} 0 1 0 ${2 * size},0a${size},${size} 0 1 0 ${-2 * size},0z`,
    `M${x - size},${y - size}h${2 * size}v${2 * size}h${-2 * size}z`,
    `M${x},${y - 1.3 * size}l${1.2 * size},${2.2 * size}h${-2.4 * size}z`,
    `M${x},${y - 1.4 * size}l${1.4 * size},${1.4 * size}l${-1.4 * size},${1.4 * size}` +
      `l${-1.4 * size},${-1.4 * size}z`,
  ];
  return svg("path", { class: `mark fill${line.color}`, d: shapes[line.dash % shapes.length] });
}

// The lines of a chart as one path each; where a value is missing the line has a gap.
function pathOf(line, x, y) {
  let path = "";
  let pen = "M";
  line.drawn.forEach((value, index) => {
    if (value === null) {
      pen = "M";
      return;
    }
    path += `${pen}${x.at(line.x[index]).toFixed(1)},${y.at(value).toFixed(1)}`;
    pen = "L";
  });
  return path;
}

// Charts over the same axis: they show the same part of it, and the same moment.
class ChartGroup {
  constructor() {
    this.charts = [];
    this.range = null;
  }

  // RANGE: [low, high] of x, or null for all of it.
  zoom(range) {
    this.range = range;
    for (const chart of this.charts) chart.draw();
  }

  point(value, chart) {
    for (const other of this.charts) if (other !== chart) other.point(value, false);
  }
}

// Gives each of LINES what it is drawn at: its values, or, stacked, on top of those before it, which
// have the same x.
function stack(lines, isStacked) {
  let below = null;
  for (const line of lines) {
    line.drawn = line.y;
    if (!isStacked) continue;
    line.below = below || line.y.map(() => 0);
    line.drawn = line.y.map((value, index) => (value || 0) + line.below[index]);
    below = line.drawn;
  }
}

class Chart {
  // GROUP: where it belongs, or null.
  constructor(spec, group) {
    this.spec = spec;
    this.group = group;
    if (group) group.charts.push(this);
    this.hidden = new Set();
    this.focus = null;
    this.tip = html("div", { class: "tip", role: "status", hidden: "" });
    this.frame = svg("svg", { role: "img", tabindex: "0", "aria-label": this.description() });
    this.element = html("figure", {}, html("h3", {}));
    this.element.firstChild.textContent = spec.title;
    this.element.append(this.legend(), this.frame, this.tip);
    this.frame.addEventListener("pointermove", (event) => this.follow(event));
    this.frame.addEventListener("pointerleave", () => this.pointAll(null));
    this.frame.addEventListener("blur", () => this.pointAll(null));
    if (group) {
      this.frame.addEventListener("pointerdown", (event) => this.beginDrag(event));
      this.frame.addEventListener("pointerup", (event) => this.endDrag(event));
      this.frame.addEventListener("dblclick", () => this.group.zoom(null));
    }
    this.frame.addEventListener("keydown", (event) => this.step(event));
  }

  description() {
    const names = this.spec.lines.map((line) => line.name).join(", ");
    return `Chart: ${this.spec.title}. ${this.spec.y.label} over ${this.spec.x.label} of ${names}. ` +
      "Arrow keys show the values.";
  }

  shown() {
    return this.spec.lines.filter((line) => !this.hidden.has(line));
  }

  swatch(line) {
    const picture = svg("svg", { viewBox: "0 0 26 10", "aria-hidden": "true" });
    if (line.mode !== "dots")
      picture.append(svg("path", { class: `line stroke${line.color} d${line.dash}`, d: "M1,5H25" }));
    if (line.mode === "dots") picture.append(mark(line, 13, 5, 3.5));
    return picture;
  }

  legend() {
    const list = html("div", { class: "legend" });
    for (const line of this.spec.lines) {
      const button = html("button", { type: "button", "aria-pressed": "true" }, this.swatch(line),
        line.name);
      button.addEventListener("click", () => {
        if (!this.hidden.delete(line)) this.hidden.add(line);
        button.setAttribute("aria-pressed", String(!this.hidden.has(line)));
        this.draw();
      });
      list.append(button);
    }
    return list;
  }

  draw() {
    const width = this.element.clientWidth - 28 || 560;
    const height = this.spec.height || 250;
    const lines = this.shown();
    const box = { left: 0, right: width - 14, top: 26, bottom: height - 40 };
    const { x: xAxis, y: yAxis } = this.spec;
    const range = this.group && this.group.range;
    const isShown = (x) => !range || (x >= range[0] && x <= range[1]);
    stack(lines, this.spec.stacked);
    const values = (key) => lines.flatMap((line) => line[key].filter((value, index) =>
      value !== null && line.drawn[index] !== null && isShown(line.x[index])));
    this.box = box;
    this.drag = null;
    this.y = makeScale(yAxis, values("drawn"), box.bottom, box.top, (box.bottom - box.top) / 36);
    const longest = Math.max(...this.y.ticks.map(([, label]) => label.length));
    box.left = Math.max(40, 14 + kDigitWidth * longest);
    const columns = Math.max(2, (box.right - box.left) / 80);
    this.x = makeScale(range ? { ...xAxis, span: range } : xAxis, values("x"), box.left, box.right,
      columns);
    this.steps = [...new Set(values("x"))].sort((a, b) => a - b);
    this.frame.replaceChildren();
    this.frame.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.frame.setAttribute("height", height);
    this.drawAxes(box, height);
    this.drawEvents(box);
    // What lies outside of the part that is shown is cut off.
    const inside = svg("svg", { x: box.left, y: 0, width: Math.max(0, box.right - box.left), height,
      viewBox: `${box.left} 0 ${Math.max(0, box.right - box.left)} ${height}`,
      overflow: range ? "hidden" : "visible" });
    this.plot = inside;
    for (const line of lines) this.drawLine(line);
    this.pointer = svg("g", {});
    this.frame.append(inside, this.pointer);
    this.point(null);
  }

  drawAxes(box, height) {
    let lastEnd = -Infinity;
    for (const [value, label] of this.x.ticks) {
      const at = this.x.at(value);
      this.frame.append(svg("path", { class: "grid", d: `M${at},${box.top}V${box.bottom}` }));
      const half = kDigitWidth / 2 * label.length;
      const middle = Math.min(at, box.right + 14 - half);  // within the frame
      if (middle - half < lastEnd + 8) continue;  // no room for its text
      lastEnd = middle + half;
      this.frame.append(
        svg("text", { x: middle, y: box.bottom + 16, "text-anchor": "middle" }, label));
    }
    for (const [value, label] of this.y.ticks) {
      const at = this.y.at(value);
      this.frame.append(svg("path", { class: "grid", d: `M${box.left},${at}H${box.right}` }));
      this.frame.append(svg("text", { x: box.left - 8, y: at + 4, "text-anchor": "end" }, label));
    }
    this.frame.append(
      svg("path", { class: "axis", fill: "none", d: `M${box.left},${box.bottom}H${box.right}` }),
      svg("text", { x: box.right, y: height - 6, "text-anchor": "end" }, this.spec.x.label),
      svg("text", { x: 0, y: 12 }, this.spec.y.label));
  }

  drawEvents(box) {
    for (const event of this.spec.events || []) {
      const at = this.x.at(event.x);
      if (at < box.left - 1 || at > box.right + 1) continue;
      const line = svg("path", { class: "event", d: `M${at},${box.top}V${box.bottom}` });
      const title = svg("title", {});
      title.textContent = event.name;
      line.append(title);
      this.frame.append(line);
    }
  }

  drawLine(line) {
    if (line.mode === "dots") {
      if (line.level !== undefined) {
        const at = this.y.at(line.level).toFixed(1);
        this.plot.append(svg("path", { class: `level stroke${line.color} d${line.dash}`,
          d: `M${this.box.left},${at}H${this.box.right}` }));
      }
      line.y.forEach((value, index) => {
        if (value !== null)
          this.plot.append(mark(line, this.x.at(line.x[index]), this.y.at(value), 3.5));
      });
      return;
    }
    const path = pathOf(line, this.x, this.y);
    if (line.mode === "area" && line.below) {
      const under = line.below.map((value, index) =>
        `L${this.x.at(line.x[index]).toFixed(1)},${this.y.at(value).toFixed(1)}`);
      this.plot.append(svg("path", { class: `stacked fill${line.color}`,
        d: `${path}${under.reverse().join("")}Z` }));
    } else if (line.mode === "area" && path) {
      const [first, last] = [line.x[0], line.x[line.x.length - 1]].map((value) => this.x.at(value));
      this.plot.append(svg("path", { class: `area fill${line.color}`,
        d: `${path}L${last},${this.box.bottom}L${first},${this.box.bottom}Z` }));
    }
    this.plot.append(svg("path", { class: `line stroke${line.color} d${line.dash}`, d: path }));
    // A single point makes no line.
    if (line.y.length === 1 && line.drawn[0] !== null)
      this.plot.append(mark(line, this.x.at(line.x[0]), this.y.at(line.drawn[0]), 3.5));
  }

  follow(event) {
    const area = this.frame.getBoundingClientRect();
    const at = event.clientX - area.left;
    let nearest = null;
    for (const step of this.steps)
      if (nearest === null || Math.abs(this.x.at(step) - at) < Math.abs(this.x.at(nearest) - at))
        nearest = step;
    this.pointAll(nearest);
    if (this.drag !== null) this.drawDrag(at);
  }

  beginDrag(event) {
    this.drag = event.clientX - this.frame.getBoundingClientRect().left;
  }

  drawDrag(at) {
    const [left, right] = [Math.min(this.drag, at), Math.max(this.drag, at)];
    this.pointer.append(svg("rect", { class: "drag", x: left, y: this.box.top, width: right - left,
      height: this.box.bottom - this.box.top }));
  }

  endDrag(event) {
    const begin = this.drag;
    this.drag = null;
    if (begin === null) return;
    const end = event.clientX - this.frame.getBoundingClientRect().left;
    if (Math.abs(end - begin) < 8) return;
    const value = (at) => this.x.value(Math.min(Math.max(at, this.box.left), this.box.right));
    this.group.zoom([value(Math.min(begin, end)), value(Math.max(begin, end))]);
  }

  step(event) {
    if (event.key === "Escape" && this.group) this.group.zoom(null);
    const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (move === undefined || this.steps.length === 0) return;
    event.preventDefault();
    const now = this.steps.indexOf(this.focus);
    const next = now < 0 ? 0 : Math.min(this.steps.length - 1, Math.max(0, now + move));
    this.pointAll(this.steps[next]);
  }

  pointAll(value) {
    this.point(value);
    if (this.group) this.group.point(value, this);
  }

  // Shows the crosshair at VALUE, with what each line has there or nearest to it; HAS_TIP: as text.
  point(value, hasTip = true) {
    this.focus = value;
    this.pointer.replaceChildren();
    this.tip.hidden = value === null || !hasTip;
    if (value === null) return;
    const at = this.x.at(value);
    if (at < this.box.left - 1 || at > this.box.right + 1) return;
    this.pointer.append(svg("path", { class: "crosshair",
      d: `M${at},${this.box.top}V${this.box.bottom}` }));
    this.tip.replaceChildren(html("div", { class: "quiet" },
      `${this.spec.x.name || this.spec.x.label} ${figureText(value, this.spec.x)}`));
    for (const line of this.shown()) {
      const index = this.nearest(line, at);
      if (index < 0) continue;
      this.pointer.append(mark(line, this.x.at(line.x[index]), this.y.at(line.drawn[index]), 4));
      const sign = svg("svg", { viewBox: "0 0 10 10", "aria-hidden": "true" }, mark(line, 5, 5, 3.5));
      this.tip.append(html("div", {}, html("span", {}, sign, line.name),
        html("b", {}, figureText(line.y[index], this.spec.y))));
    }
    if (hasTip) this.place(at);
  }

  // The index of LINE's value nearest to pixel AT; -1 when it has none close by.
  nearest(line, at) {
    let found = -1;
    let distance = 24;
    line.x.forEach((value, index) => {
      const away = Math.abs(this.x.at(value) - at);
      if (line.y[index] === null || away >= distance) return;
      distance = away;
      found = index;
    });
    return found;
  }

  place(at) {
    const room = this.element.clientWidth;
    const width = this.tip.offsetWidth;
    const right = at + 14 + 16;
    this.tip.style.left = `${Math.max(4, right + width < room ? right : at + 14 - width - 14)}px`;
    const top = this.frame.getBoundingClientRect().top - this.element.getBoundingClientRect().top;
    this.tip.style.top = `${top + this.box.top}px`;
  }
}
