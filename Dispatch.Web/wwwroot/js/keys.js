// One listener for the page. Only registered shortcuts cross the wire.
const shortcuts = new Map();
let receiver = null;

const typing = (target) => target instanceof HTMLElement &&
  (target.isContentEditable || target.matches("textarea, select, input:not([type=checkbox], [type=radio], [type=button], [type=submit])"));

export const name = (event) =>
  (event.ctrlKey || event.metaKey ? "Ctrl+" : "") + (event.altKey ? "Alt+" : "") + (event.key.length === 1 ? event.key.toLowerCase() : event.key);

function onKey(event) {
  if (event.isComposing || event.repeat || event.defaultPrevented) return;
  const shortcut = shortcuts.get(name(event));
  if (!shortcut || !receiver || (typing(event.target) && !shortcut.whileTyping)) return;
  // An open dialog keeps its keys to itself.
  if (event.key !== "Escape" && document.querySelector(".rz-dialog-wrapper, .rz-dialog")) return;
  if (event.key !== "Escape") event.preventDefault();
  receiver.invokeMethodAsync("OnKeyAsync", name(event));
}

export function start(reference) {
  receiver = reference;
  document.addEventListener("keydown", onKey);
}

export function add(key, whileTyping) { shortcuts.set(key, { whileTyping }); }
export function remove(key) { shortcuts.delete(key); }

export function stop() {
  document.removeEventListener("keydown", onKey);
  shortcuts.clear();
  receiver = null;
}
