// Drafts stay in this browser: a reload or a lost circuit costs nothing that was typed.
const prefix = "dispatch.draft.";

export function read(key) { return localStorage.getItem(prefix + key) ?? ""; }

export function write(key, text) {
  if (text) localStorage.setItem(prefix + key, text);
  else localStorage.removeItem(prefix + key);
}

// Saves on every keystroke without asking the server.
export function watch(element, key) {
  if (!element) return;
  element.dataset.draft = key;
  if (element.dataset.draftWatched) return;
  element.dataset.draftWatched = "yes";
  element.addEventListener("input", () => write(element.dataset.draft, element.value));
}

// Another person on the same machine must not read them.
export function clearAll() {
  Object.keys(localStorage).filter((k) => k.startsWith(prefix)).forEach((k) => localStorage.removeItem(k));
}
