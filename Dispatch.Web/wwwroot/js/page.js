// The browser's own things: zone, title, focus, copying, a sound.
export function zone() { return Intl.DateTimeFormat().resolvedOptions().timeZone ?? "UTC"; }

export function title(text) { document.title = text; }

export function focus(selector) { document.querySelector(selector)?.focus(); }

export function scrollToEnd(selector) {
  const element = document.querySelector(selector);
  if (element) element.scrollTop = element.scrollHeight;
}

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

export function print() { window.print(); }

export function visible() { return document.visibilityState === "visible"; }

let audio = null;

// Two short tones. Browsers stay silent until the person has touched the page once; that is fine.
export function beep() {
  audio ??= new AudioContext();
  if (audio.state === "suspended") audio.resume();
  const now = audio.currentTime;
  [660, 880].forEach((frequency, i) => {
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    const start = now + i * 0.12;
    tone.frequency.value = frequency;
    volume.gain.setValueAtTime(0.0001, start);
    volume.gain.exponentialRampToValueAtTime(0.15, start + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.0001, start + 0.11);
    tone.connect(volume).connect(audio.destination);
    tone.start(start);
    tone.stop(start + 0.12);
  });
}
