// A page behind a link that shows something which changes by itself: fetches itself and takes over what is new. Without a script the page reloads.
const pace = 2000;

async function look() {
  const main = document.querySelector("main");
  if (main.dataset.watch !== "on") return;
  if (document.visibilityState === "visible" && !document.querySelector("[data-sending]")) {
    try {
      const answer = await fetch(location.pathname, { cache: "no-store", headers: { Accept: "text/html" } });
      const next = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
      if (next && seen(next) !== seen(main)) main.replaceWith(document.adoptNode(next));
    } catch {
      // no line just now
    }
  }
  setTimeout(look, pace);
}

// Rings are new with every answer; what they count down to is in the rest.
function seen(main) {
  const copy = main.cloneNode(true);
  copy.querySelectorAll(".ring").forEach((ring) => ring.remove());
  return copy.dataset.watch + copy.innerHTML;
}

setTimeout(look, pace);
