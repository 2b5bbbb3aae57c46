// The parts of the inbox that must not wait for the server: typing, growing, scrolling. What is typed is saved on every
// keystroke by the browser itself, so a lost circuit or a reload costs nothing.
import { read, write } from "./drafts.js";
import { isLost, resume, untilLost } from "./reconnect.js";

const maxLines = 8;
const composers = new WeakMap();

function grow(box) {
  const style = getComputedStyle(box);
  const line = parseFloat(style.lineHeight) || 22;
  box.style.height = "auto";
  box.style.height = `${Math.min(box.scrollHeight + 2, line * maxLines + 18)}px`;
}

function newKey() {
  // randomUUID exists only on https and localhost; an installation on plain http must be able to send too.
  return crypto.randomUUID ? crypto.randomUUID()
    : Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
}

// The effect key lives as long as the text it was made for: the same text sent again after a lost answer is the same message.
function effectKey(key, text) {
  const kept = read(`${key}.send`);
  const end = kept.indexOf(" ");
  if (end > 0 && kept.slice(end + 1) === text) return kept.slice(0, end);
  const fresh = newKey();
  write(`${key}.send`, `${fresh} ${text}`);
  return fresh;
}

async function send(composer) {
  const text = composer.box.value;
  if (composer.sending || !text.trim() || composer.box.disabled || isLost()) return;
  composer.sending = true;
  composer.button.disabled = true;
  const [gone, forget] = untilLost();
  try {
    const done = await Promise.race([composer.receiver.invokeMethodAsync("SendAsync", text, effectKey(composer.key, text)), gone]);
    if (done) {
      write(`${composer.key}.send`, "");
      if (composer.box.value === text) composer.box.value = "";
      write(composer.key, composer.box.value);
      grow(composer.box);
    }
  } catch {
    // The circuit is lost: the text stays where it is, and the bar at the top says why nothing happened.
  } finally {
    forget();
    composer.sending = false;
    composer.button.disabled = false;
    composer.box.focus();
  }
}

// Tells the server that somebody writes, at most every five seconds: it keeps the contact for who answers him.
function typing(composer) {
  const now = performance.now();
  if (isLost() || now - composer.told < 5000) return;
  composer.told = now;
  composer.receiver.invokeMethodAsync("TypingAsync").catch(() => {});
}

export function compose(box, button, receiver, key) {
  if (!box) return;
  const known = composers.get(box);
  if (known) {
    known.receiver = receiver;
    if (known.key !== key) {
      known.key = key;
      known.told = -Infinity;
      box.value = read(key);
      grow(box);
    }
    return;
  }
  const composer = { box, button, receiver, key, sending: false, told: -Infinity };
  composers.set(box, composer);
  // On a slow line somebody types before this script is there: that is kept, behind what was kept before.
  box.value = read(key) + box.value;
  write(key, box.value);
  grow(box);
  resume(box);
  box.addEventListener("input", () => {
    write(composer.key, box.value);
    grow(box);
    typing(composer);
  });
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    if (!event.repeat) send(composer);
  });
  button.addEventListener("click", () => send(composer));
}

// Keeps the newest message in view while one is at the end, and the reading place when older ones are put on top.
export function follow(log, jump) {
  if (!log) return;
  let atEnd = true;
  let first = log.querySelector("[data-message]")?.dataset.message;
  let height = log.scrollHeight;
  const toEnd = () => { log.scrollTop = log.scrollHeight; };
  const look = () => {
    atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 96;
    jump.hidden = atEnd;
    height = log.scrollHeight;
  };
  log.addEventListener("scroll", look, { passive: true });
  jump.addEventListener("click", () => { toEnd(); log.focus(); });
  new MutationObserver(() => {
    const now = log.querySelector("[data-message]")?.dataset.message;
    if (first !== undefined && now !== first && !atEnd) log.scrollTop += log.scrollHeight - height;
    else if (atEnd) toEnd();
    first = now;
    look();
  }).observe(log, { childList: true, subtree: true });
  new ResizeObserver(() => { if (atEnd) toEnd(); }).observe(log);
  toEnd();
  look();
}

let watching = null;

// A thread in a tab that nobody looks at is not read.
export function watchVisibility(receiver) {
  unwatchVisibility();
  watching = () => receiver.invokeMethodAsync("OnVisibilityAsync", document.visibilityState === "visible").catch(() => {});
  document.addEventListener("visibilitychange", watching);
  return document.visibilityState === "visible";
}

export function unwatchVisibility() {
  if (watching) document.removeEventListener("visibilitychange", watching);
  watching = null;
}

const sound = "dispatch.sound";
export function hasSound() { return localStorage.getItem(sound) === "on"; }
export function setSound(on) { localStorage.setItem(sound, on ? "on" : "off"); }
