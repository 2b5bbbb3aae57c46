// Signs of life of a moderator who reads, scrolls or types without pressing anything the server would hear of. At most one call in this time, and
// none from a tab that nobody looks at: that one is connected, which is all it claims.
const every = 20000;
const signs = ["pointermove", "pointerdown", "keydown", "wheel", "touchmove"];
let receiver = null;
let told = -Infinity;

function tell() {
  const now = performance.now();
  if (!receiver || document.visibilityState !== "visible" || now - told < every) return;
  told = now;
  receiver.invokeMethodAsync("OnActivityAsync").catch(() => { told = -Infinity; });
}

// Back in front: said at once, whenever the last sign was.
function look() {
  told = -Infinity;
  tell();
}

export function start(reference) {
  receiver = reference;
  signs.forEach((sign) => document.addEventListener(sign, tell, { capture: true, passive: true }));
  document.addEventListener("visibilitychange", look);
}

export function stop() {
  receiver = null;
  signs.forEach((sign) => document.removeEventListener(sign, tell, { capture: true }));
  document.removeEventListener("visibilitychange", look);
}
