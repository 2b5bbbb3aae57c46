// The figures inside the rings. What is left was said by the server when it rendered: the clock of this machine may be wrong, so only its pace counts.
const ends = new WeakMap();
const page = document.documentElement.dataset.reloadAtEnd;

// On a page without a circuit the server rendered before the first byte came; in a circuit a ring is as old as its first sight.
const rendered = () => (page === undefined ? performance.now() : performance.getEntriesByType("navigation")[0]?.responseStart ?? performance.now());

function text(seconds) {
  const two = (n) => String(n).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

function show(ring) {
  if (!ends.has(ring)) ends.set(ring, rendered() + Number(ring.dataset.countdown));
  const left = Math.max(0, Math.ceil((ends.get(ring) - performance.now()) / 1000));
  const figures = ring.querySelector("[data-left]")?.firstChild;
  if (figures && figures.data !== text(left)) figures.data = text(left);
  if (left === 0 && page !== undefined && !document.querySelector("[data-sending]")) {
    clearInterval(ticking);
    // A moment later, so that the server's clock has passed the deadline as well.
    setTimeout(() => location.replace(location.pathname), 700);
  }
}

const ticking = setInterval(() => document.querySelectorAll("[data-countdown]").forEach(show), 250);

// A second press on a slow phone is the same answer; it just does not have to be sent.
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-once]")) return;
  event.target.dataset.sending = "";
  setTimeout(() => event.target.querySelectorAll("button").forEach((button) => { button.disabled = true; }));
});
