// A screen on the wall: the sign-in is renewed, the screen stays on, and a page that lost its circuit for good starts again.
const every = 10 * 60 * 1000;
let lock = null;

async function keepOn() {
  try {
    if (document.visibilityState === "visible") lock = await navigator.wakeLock?.request("screen");
  } catch {
    // Not allowed here (plain http, low battery): then the screen does as it is set.
  }
}

async function renew() {
  try {
    const answer = await fetch("/overview/stay", { headers: { accept: "application/json" }, redirect: "manual" });
    if (answer.status === 401 || answer.status === 403) location.reload();
    else if (answer.ok && document.querySelector(".components-reconnect-failed, .components-reconnect-rejected")) location.reload();
  } catch {
    // No network: the next time.
  }
}

export function stay() {
  keepOn();
  document.addEventListener("visibilitychange", keepOn);
  setInterval(renew, every);
  renew();
}
