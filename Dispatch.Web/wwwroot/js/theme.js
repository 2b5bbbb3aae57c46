// Both themes are linked in the head and the media attribute says which one counts, so switching shows no white flash.
// Works on the pages without a circuit too.
const cookie = "dispatch.theme";

const chosen = () => document.documentElement.dataset.theme;
const system = () => (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");

function apply(theme) {
  document.documentElement.dataset.theme = theme;
  document.querySelectorAll("link[data-theme-of]").forEach((link) => { link.media = link.dataset.themeOf === theme ? "all" : "not all"; });
  document.cookie = `${cookie}=${theme}; path=/; max-age=31536000; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`;
}

export function set(theme) { apply(theme); }
export function toggle() { apply((chosen() || system()) === "dark" ? "light" : "dark"); }
