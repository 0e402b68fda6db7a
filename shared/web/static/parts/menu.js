// A menu: a button that opens a panel beside it. What is in it are links, buttons, or anything else; Esc, a click elsewhere and a
// choice close it, and focus goes back to the button.

import { h, icon } from "../core/dom.js";

/**
 * @param {string} name told apart by it: one menu of a name is on the page
 * @param {(Node | string)[]} label what the button shows
 * @param {() => (Node | null)[] | Promise<(Node | null)[]>} build makes what the panel shows, each time it is opened
 * @param {{ title?: string, kind?: string, align?: "start" | "end" }} [look]
 */
export function menu(name, label, build, { title, kind = "", align = "start" } = {}) {
  const panel = h(`div.panel.menu-panel.${align}`, { role: "group", "aria-label": title ?? null });
  const details = /** @type {HTMLDetailsElement} */ (
    h(
      "details.menu",
      {
        "data-menu": name,
        ontoggle: async () => {
          if (!details.open) return panel.replaceChildren();
          const content = await build();
          if (details.open) panel.replaceChildren(...content.filter((node) => node !== null));
        },
      },
      h(`summary${kind}`, { "data-focus": `menu-${name}`, title }, ...label, icon("down")),
      panel,
    )
  );
  panel.addEventListener("click", (event) => {
    if (event.target instanceof Element && event.target.closest("a, button:not([data-stay])")) details.open = false;
  });
  return details;
}

/**
 * An entry of a menu.
 * @param {string} label
 * @param {{ href?: string, download?: boolean, run?: () => void, disabled?: boolean, note?: string | null, current?: boolean }} what
 */
export const menuItem = (label, { href, download, run, disabled, note, current }) =>
  h(
    href ? "a.menu-item" : "button.menu-item",
    { href, download, type: href ? null : "button", onclick: run ?? null, disabled, "aria-current": current ? "true" : null },
    h("span.grow", null, label),
    note ? h("span.sub", null, note) : null,
  );

/** Closes the open menu. @returns {boolean} whether there was one */
export function closeMenus() {
  const open = document.querySelector("details.menu[open]");
  if (!(open instanceof HTMLDetailsElement)) return false;
  const inside = open.contains(document.activeElement);
  open.open = false;
  if (inside) open.querySelector("summary")?.focus();
  return true;
}

// In the capturing phase, so that Esc closes the menu and not the dialog that it is in.
document.addEventListener(
  "keydown",
  (event) => {
    if (event.key !== "Escape" || !closeMenus()) return;
    event.preventDefault();
    event.stopPropagation();
  },
  true,
);
document.addEventListener("pointerdown", (event) => {
  const inside = event.target instanceof Element ? event.target.closest("details.menu[open]") : null;
  for (const open of document.querySelectorAll("details.menu[open]")) if (open !== inside) /** @type {HTMLDetailsElement} */ (open).open = false;
});
