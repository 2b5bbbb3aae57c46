// What the frame needs on every page, with or without a circuit.
import { toggle } from "./theme.js";
import { clearAll } from "./drafts.js";

const openMenus = () => document.querySelectorAll("details[data-menu][open]");
const closeOthers = (event) => openMenus().forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });

// The rest of the menu on a phone: a sheet over the bottom bar.
const navOf = () => document.querySelector(".frame-nav[data-open]");
const openNav = (nav, open) => {
  nav.toggleAttribute("data-open", open);
  nav.querySelector("[data-nav-more]").setAttribute("aria-expanded", String(open));
  if (open) nav.querySelector(".nav-rest a")?.focus();
};

document.addEventListener("click", (event) => {
  closeOthers(event);
  const more = event.target instanceof Element ? event.target.closest("[data-nav-more]") : null;
  if (more) openNav(more.closest(".frame-nav"), !navOf());
  else if (navOf() && (!navOf().contains(event.target) || event.target.closest("a"))) openNav(navOf(), false);
  if (!(event.target instanceof Element)) return;
  if (event.target.closest("[data-theme-switch]")) toggle();
  if (event.target.closest("[data-menu] a")) event.target.closest("[data-menu]").open = false;
  if (event.target.closest("[data-skip]")) {
    // With <base href="/"> a bare fragment would lead to the start page.
    event.preventDefault();
    document.getElementById("main")?.focus();
  }
}, true);
document.addEventListener("focusin", (event) => {
  closeOthers(event);
  if (navOf() && !navOf().contains(event.target)) openNav(navOf(), false);
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const nav = navOf();
  if (nav) {
    openNav(nav, false);
    nav.querySelector("[data-nav-more]").focus();
  }
  openMenus().forEach((menu) => {
    menu.open = false;
    menu.querySelector("summary").focus();
  });
});

// Drafts are about other people's conversations: the next person at this machine must not find them.
document.addEventListener("submit", (event) => { if (event.target.matches("[data-sign-out]")) clearAll(); });
