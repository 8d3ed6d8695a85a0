// Axes: where a value stands, which values get a tick, and how they are written.

// "12.3 us" for 12300: each duration in the unit that fits its own size.
function durationText(ns) {
  if (ns === 0) return "0";
  const units = [[1e9, "s"], [1e6, "ms"], [1e3, "us"], [1, "ns"]];
  const [size, name] = units.find(([size]) => Math.abs(ns) >= size * 0.99995) || units[3];
  return `${numberText(ns / size)} ${name}`;
}

// Four significant digits, without zeros at the end, commas between thousands.
function numberText(value) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size < 1e-4 || size >= 1e15) return value.toExponential(2);
  const digits = Math.max(0, 3 - Math.floor(Math.log10(size)));
  const text = value.toFixed(Math.min(digits, 8));
  const bare = text.includes(".") ? text.replace(/\.?0+$/, "") : text;
  return bare.replace(/^(-?\d+)/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ","));
}

// A value as a tooltip has it: with the axis' unit.
function figureText(value, axis) {
  if (axis.kind === "tail") return `p${numberText(100 * (1 - 1 / value))}`;
  if (axis.unit === "ns") return durationText(value);
  return axis.unit ? `${numberText(value)} ${axis.unit}` : numberText(value);
}

// About WANTED round numbers from LOW to HIGH, steps of 1, 2 or 5 times a power of ten.
function linearTicks(low, high, wanted, whole) {
  const power = 10 ** Math.floor(Math.log10((high - low) / wanted));
  const surplus = (step) => Math.abs((high - low) / step - wanted);
  let [step, ...others] = [1, 2, 5, 10].map((factor) => factor * power);
  for (const other of others) if (surplus(other) < surplus(step)) step = other;
  if (whole) step = Math.max(1, Math.round(step));
  const ticks = [];
  for (let at = Math.ceil(low / step - 1e-9); at * step <= high + step * 1e-9; ++at)
    ticks.push(at * step);
  return ticks;
}

// The powers of ten; with few of them their doubles and fivefolds, too.
function logTicks(low, high, wanted) {
  const decades = Math.log10(high / low);
  const factors = decades < wanted / 3 ? [1, 2, 5] : decades < wanted / 2 ? [1, 3] : [1];
  const skip = Math.max(1, Math.ceil(decades / wanted));
  const ticks = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); ++power)
    if (power % skip === 0)
      for (const factor of factors) {
        const tick = factor * 10 ** power;
        if (tick >= low * 0.999 && tick <= high * 1.001) ticks.push(tick);
      }
  return ticks;
}

// What the axis spans, from the values that will be drawn.
function spanOf(axis, values) {
  if (axis.span) return axis.span;
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return axis.kind === "linear" ? [0, 1] : [1, 10];
  if (axis.kind !== "linear") return high > low * 1.01 ? [low, high] : [low / 2, high * 2];
  if (axis.zero) return [Math.min(0, low), high > 0 ? high * 1.05 : low < 0 ? 0 : 1];
  const margin = high > low ? (high - low) * (axis.tight ? 0 : 0.1) : Math.abs(high) * 0.1 || 1;
  return [low - margin, high + margin];
}

// [value, text] of each; where one would be too long for the margin, all have exponents.
function tickTexts(values, textOf) {
  const ticks = values.map((value) => [value, textOf(value)]);
  if (ticks.every(([, text]) => text.length <= 11)) return ticks;
  return values.map((value) => [value, value.toExponential(3).replace(/\.?0*e\+?/, "e")]);
}

// A function from values to pixels FROM to TO, with ticks; WANTED: how many there is room for.
function makeScale(axis, values, from, to, wanted) {
  const [low, high] = spanOf(axis, values);
  const turn = axis.kind === "linear" ? (value) => value : Math.log10;
  const start = turn(low);
  const factor = (to - from) / (turn(high) - start);
  const scale = (value) => from + (turn(value) - start) * factor;
  let ticks;
  if (axis.kind === "tail")
    ticks = [[1, "0 %"], [2, "50 %"], [10, "90 %"], [100, "99 %"], [1e3, "99.9 %"],
      [1e4, "99.99 %"], [1e5, "99.999 %"], [1e6, "99.9999 %"], [1e7, "99.99999 %"]]
      .filter(([value]) => value <= high * 1.001);
  else if (axis.kind === "log")
    ticks = logTicks(low, high, wanted).map((value) => [value, figureText(value, axis)]);
  else
    ticks = tickTexts(linearTicks(low, high, wanted, axis.whole),
      axis.unit === "ns" ? durationText : numberText);
  // The other way round; of linear axes.
  const value = (pixel) => start + (pixel - from) / factor;
  return { at: scale, value, ticks };
}
