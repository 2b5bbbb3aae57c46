// What the frame needs on every page, with or without a circuit.
import { toggle } from "./theme.js";
import { clearAll } from "./drafts.js";

const openMenus = () => document.querySelectorAll("details[data-menu][open]");
const closeOthers = (event) => openMenus().forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });

document.addEventListener("click", (event) => {
  closeOthers(event);
  if (!(event.target instanceof Element)) return;
  if (event.target.closest("[data-theme-switch]")) toggle();
  if (event.target.closest("[data-menu] a")) event.target.closest("[data-menu]").open = false;
  if (event.target.closest("[data-skip]")) {
    // With <base href="/"> a bare fragment would lead to the start page.
    event.preventDefault();
    document.getElementById("main")?.focus();
  }
}, true);
document.addEventListener("focusin", closeOthers);
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  openMenus().forEach((menu) => {
    menu.open = false;
    menu.querySelector("summary").focus();
  });
});

// Drafts are about other people's conversations: the next person at this machine must not find them.
document.addEventListener("submit", (event) => { if (event.target.matches("[data-sign-out]")) clearAll(); });
