// Draws what the page's data describe, and draws it again when there is more or less room.

function drawReport() {
  const charts = [];
  const groups = {};
  const groupOf = (name) => name ? groups[name] ||= new ChartGroup() : null;
  for (const place of document.querySelectorAll("[data-charts]")) {
    const specs = JSON.parse(document.getElementById("data").textContent)[place.dataset.charts];
    for (const spec of specs) {
      const chart = new Chart(spec, groupOf(spec.group));
      place.append(chart.element);
      charts.push(chart);
    }
  }
  for (const chart of charts) chart.draw();
  // What is folded has no room of its own to be drawn in, and paper can't be unfolded.
  const folded = [...document.querySelectorAll("details")];
  for (const part of folded)
    part.addEventListener("toggle", () => {
      for (const chart of charts) if (part.open && part.contains(chart.element)) chart.draw();
    });
  window.addEventListener("beforeprint", () => {
    for (const part of folded) part.open = true;
  });
  let width = window.innerWidth;
  window.addEventListener("resize", () => {
    if (window.innerWidth === width) return;
    width = window.innerWidth;
    for (const chart of charts) chart.draw();
  });
  document.documentElement.dataset.drawn = String(charts.length);
}

drawReport();
