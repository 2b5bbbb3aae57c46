// The bar that says the connection is lost. Blazor only sets a class on #components-reconnect-modal and tries to connect (start.js says how often); counting and reloading are ours.
const bar = document.getElementById("components-reconnect-modal");
const seconds = bar?.querySelector("[data-seconds]");
const broken = document.getElementById("blazor-error-ui");
const again = 1000;
const caret = "dispatch.caret";
let since = 0;
let timer = 0;
let alive = false;
let reloading = false;
let typedAt = 0;

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
  return bar.classList.contains("waiting") || ["show", "retrying", "failed", "rejected"].some((state) => bar.classList.contains(`components-reconnect-${state}`));
}

function look() {
  // The server no longer knows this page: what was typed is kept as a draft, so start afresh.
  if (bar.classList.contains("components-reconnect-rejected")) reload();
  bar.classList.toggle("cut", lost());
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

const wait = (ms) => new Promise((done) => { setTimeout(done, ms); });

// Not before somebody would take the page: a browser that reloads into nothing shows its own error, and nobody brings it back.
async function reload() {
  if (reloading) return;
  reloading = true;
  for (;;) {
    try {
      if ((await fetch("/here", { cache: "no-store", signal: AbortSignal.timeout(5000) })).ok) break;
    } catch {
      // nobody there yet
    }
    await wait(again);
  }
  const box = document.activeElement;
  if (box instanceof HTMLTextAreaElement && box.id) sessionStorage.setItem(caret, JSON.stringify([location.pathname, box.id, box.selectionStart]));
  location.reload();
}

// Whoever was writing when the page was loaded again goes on where he was.
export function resume(box) {
  const [path, id, at] = JSON.parse(sessionStorage.getItem(caret) ?? "[]");
  if (path !== location.pathname || id !== box.id) return;
  sessionStorage.removeItem(caret);
  box.focus();
  box.setSelectionRange(at, at);
}

// The page has its circuit.
export function opened() { alive = true; }

// It has none, and none is coming.
export function rescue() {
  if (alive || !bar) return;
  bar.classList.add("waiting");
  // Something in between may refuse circuits for long: not a page that loads itself as fast as it can.
  setTimeout(reload, 3000);
}

// The server ends soon: somewhere within that time, and not in the middle of a word.
export async function move(within) {
  if (!bar || bar.classList.contains("moving")) return;
  bar.classList.add("moving");
  const end = Date.now() + within;
  await wait(Math.random() * within);
  while (Date.now() < end && Date.now() - typedAt < 1000) await wait(100);
  reload();
}

// Blazor calls a page broken also when a connection could not be made; while it is tried again that is not so.
function lookAtBroken() {
  if (broken.style.display !== "block" || (alive && !lost())) return;
  broken.style.display = "none";
  rescue();
}

if (bar) {
  new MutationObserver(look).observe(bar, { attributes: true, attributeFilter: ["class"] });
  new MutationObserver(lookAtBroken).observe(broken, { attributes: true, attributeFilter: ["style"] });
  document.querySelectorAll(".reconnect-bar [data-reload]").forEach((button) => button.addEventListener("click", reload));
  document.addEventListener("input", () => { typedAt = Date.now(); }, true);
}
