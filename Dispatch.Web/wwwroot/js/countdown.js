// Counts down in the browser: a second that passes is no reason to ask the server. How much is left comes with the element, so a machine whose
// clock is wrong counts right. Blazor renders these elements empty; their text is ours.
const ends = new WeakMap();

function tick() {
  const now = performance.now();
  document.querySelectorAll("[data-until]").forEach((element) => {
    let end = ends.get(element);
    if (end?.until !== element.dataset.until) {
      end = { until: element.dataset.until, at: now + Number(element.dataset.left) };
      ends.set(element, end);
    }
    const left = Math.max(0, Math.ceil((end.at - now) / 1000));
    const text = "seconds" in element.dataset ? `${left} s` : `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    if (element.textContent !== text) element.textContent = text;
  });
}

setInterval(tick, 250);
