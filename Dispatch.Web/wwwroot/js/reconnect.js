// The bar that says the connection is lost. Blazor only sets a class on #components-reconnect-modal; counting and reloading are ours.
const bar = document.getElementById("components-reconnect-modal");
const seconds = bar?.querySelector("[data-seconds]");
let since = 0;
let timer = 0;

// What was on its way when the line went never answers: Blazor keeps such a call waiting for ever. Whoever waits has to stop.
const stop = new Set();

export function isLost() { return Boolean(bar) && lost(); }

// Rejects when the line goes; the returned function ends the watch.
export function untilLost() {
  let forget = () => {};
  const gone = new Promise((_, reject) => {
    stop.add(reject);
    forget = () => stop.delete(reject);
  });
  gone.catch(() => {});
  return [gone, forget];
}

function lost() {
  return ["show", "retrying", "failed", "rejected"].some((state) => bar.classList.contains(`components-reconnect-${state}`));
}

function look() {
  // The server no longer knows this page: what was typed is kept as a draft, so start afresh.
  if (bar.classList.contains("components-reconnect-rejected")) return location.reload();
  if (lost() && !timer) {
    since = Date.now();
    stop.forEach((reject) => reject(new Error("connection lost")));
    stop.clear();
    seconds.textContent = "0";
    timer = setInterval(() => { seconds.textContent = Math.round((Date.now() - since) / 1000); }, 1000);
  } else if (!lost() && timer) {
    clearInterval(timer);
    timer = 0;
  }
}

async function retry() {
  if (!bar.classList.contains("components-reconnect-failed")) return;
  try {
    if (!(await Blazor.reconnect())) location.reload();
  } catch {
    // still no server: the next look tries again
  }
}

if (bar) {
  new MutationObserver(look).observe(bar, { attributes: true, attributeFilter: ["class"] });
  bar.querySelector("[data-reload]").addEventListener("click", () => location.reload());
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") retry(); });
  addEventListener("online", retry);
  setInterval(retry, 10000);
}
