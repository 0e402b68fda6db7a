// Building and changing the document. Text only ever becomes a text node: nothing here parses HTML.

import { replaceAround } from "./keep.js";

/** @typedef {Node | string | number | null | undefined | false} Child */
/** @typedef {Record<string, unknown>} Attributes */

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element: `h("a.badge.blue", { href, onclick }, "text", child)`. Attributes that are null, undefined or false are left out.
 * @param {string} tag name with classes
 * @param {Attributes | null} [attributes]
 * @param {...(Child | Child[])} children
 * @returns {HTMLElement}
 */
export function h(tag, attributes, ...children) {
  const [name = "div", ...classes] = tag.split(".");
  const element = document.createElement(name);
  if (classes.length) element.className = classes.join(" ");
  return /** @type {HTMLElement} */ (fill(element, attributes, children));
}

/**
 * @param {string} tag
 * @param {Attributes | null} [attributes]
 * @param {...(Child | Child[])} children
 * @returns {SVGElement}
 */
export function svg(tag, attributes, ...children) {
  const [name = "g", ...classes] = tag.split(".");
  const element = document.createElementNS(SVG, name);
  if (classes.length) element.setAttribute("class", classes.join(" "));
  return /** @type {SVGElement} */ (fill(element, attributes, children));
}

/**
 * @param {Element} element
 * @param {Attributes | null | undefined} attributes
 * @param {(Child | Child[])[]} children
 */
function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  append(element, children);
  return element;
}

/**
 * @param {Element | DocumentFragment} parent
 * @param {(Child | Child[])[]} children
 */
export function append(parent, children) {
  parent.append(...nodes(children));
}

/** @param {(Child | Child[])[]} children */
const nodes = (children) =>
  children
    .flat()
    .filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => (child instanceof Node ? child : document.createTextNode(String(child))));

/**
 * The one element that matches; its absence is a mistake in the page itself.
 * @param {string} selector
 * @param {ParentNode} [root]
 * @returns {HTMLElement}
 */
export function find(selector, root = document) {
  const element = root.querySelector(selector);
  if (!(element instanceof HTMLElement)) throw new Error(`The page has no ${selector}`);
  return element;
}

/**
 * A copy of the first element in a `<template>` of the page.
 * @param {string} id
 */
export function template(id) {
  const source = /** @type {HTMLTemplateElement} */ (find(`template#${id}`));
  return /** @type {HTMLElement} */ (document.importNode(source.content, true).firstElementChild);
}

/**
 * An icon of the sprite in index.html.
 * @param {string} name
 */
export function icon(name) {
  return svg("svg.icon", { "aria-hidden": "true", focusable: "false" }, svg("use", { href: `#i-${name}` }));
}

/**
 * Replaces what `parent` shows, keeping focus on the element with the same `data-focus` (or the same address). Nodes that it shows
 * already, and what somebody is filling in, stay untouched (see keep.js).
 * @param {Element} parent
 * @param {...(Child | Child[])} children
 */
export function show(parent, ...children) {
  const active = parent.contains(document.activeElement) ? document.activeElement : null;
  const name = focusName(active);
  const scroll = parent.scrollTop;
  replaceAround(parent, nodes(children));
  parent.scrollTop = scroll;
  if (active instanceof HTMLElement && parent.contains(active)) active.focus({ preventScroll: true });
  else refocus(parent, name);
}

/** @param {Element | null} element */
function focusName(element) {
  return element?.getAttribute("data-focus") ?? element?.getAttribute("href") ?? element?.id ?? null;
}

/**
 * @param {Element | null} parent
 * @param {string | null} name
 * @returns {boolean} whether there is such an element
 */
function refocus(parent, name) {
  if (!parent || !name) return false;
  for (const element of parent.querySelectorAll("a, button, input, select, textarea, summary, [tabindex]")) {
    if (focusName(element) !== name || !(element instanceof HTMLElement)) continue;
    element.focus({ preventScroll: true });
    return true;
  }
  return false;
}

/**
 * Makes `list` show one element for each item, in order. An element whose item did not change stays the very same node, so that
 * focus and selected text survive a refresh.
 * @template Item
 * @param {HTMLElement} list
 * @param {Item[]} items
 * @param {(item: Item) => string} keyOf
 * @param {(item: Item) => HTMLElement} build
 * @param {string} salt what else the look depends on, such as the language
 */
export function reconcile(list, items, keyOf, build, salt) {
  const active = list.contains(document.activeElement) ? document.activeElement : null;
  const activeKey = active?.closest("[data-key]")?.getAttribute("data-key") ?? null;
  /** @type {Map<string, HTMLElement>} */
  const present = new Map();
  for (const child of list.children) {
    if (child instanceof HTMLElement && child.dataset["key"]) present.set(child.dataset["key"], child);
  }
  const wanted = items.map((item) => {
    const key = keyOf(item);
    const look = salt + JSON.stringify(item);
    const old = present.get(key);
    if (old && looks.get(old) === look) return old;
    const element = build(item);
    element.dataset["key"] = key;
    if (old && looks.get(old)?.startsWith(salt)) element.classList.add("changed");
    looks.set(element, look);
    return element;
  });
  const stay = new Set(wanted);
  for (const child of [...list.children]) if (!stay.has(/** @type {HTMLElement} */ (child))) child.remove();
  wanted.forEach((element, index) => {
    if (list.children[index] !== element) list.insertBefore(element, list.children[index] ?? null);
  });
  if (activeKey === null || list.contains(document.activeElement)) return;
  if (!refocus(rowOf(list, activeKey), focusName(active))) focusKey(list, activeKey);
}

/** @type {WeakMap<HTMLElement, string>} */
const looks = new WeakMap();

/**
 * Puts focus on the link of the item with this key.
 * @param {ParentNode} root
 * @param {string} key
 */
export function focusKey(root, key) {
  const target = rowOf(root, key)?.querySelector("a, button");
  if (target instanceof HTMLElement) target.focus({ preventScroll: true });
  return target instanceof HTMLElement;
}

/** @param {ParentNode} root @param {string} key */
const rowOf = (root, key) => root.querySelector(`[data-key="${CSS.escape(key)}"]`);
