// Replacing what an element shows around nodes that stay. What somebody types into is never taken out of the document: that alone
// would cost it its focus, its caret, and what an input method has not yet committed.

/** What can be typed into, or chosen from. */
const FIELDS = "input, select, textarea";

/** Whether somebody is filling it in: it says so, or a field of it has focus. @param {Element} kept */
const isBusy = (kept) =>
  kept.hasAttribute("data-busy") || (kept.contains(document.activeElement) && document.activeElement?.matches(FIELDS) === true);

/**
 * Makes `parent` show these nodes. One that it has already stays where it is; so does what is being filled in (`data-keep` with a
 * name, alike in old and new), with all elements around it, which take the attributes of the new ones.
 * @param {Element} parent
 * @param {Node[]} wanted
 */
export function replaceAround(parent, wanted) {
  /** @type {Map<Element, Element>} */
  const kept = new Map();
  for (const old of parent.querySelectorAll("[data-keep]")) {
    const same = `[data-keep="${CSS.escape(old.getAttribute("data-keep") ?? "")}"]`;
    for (const node of isBusy(old) ? wanted : []) {
      const made = !(node instanceof Element) ? null : node.matches(same) ? node : node.querySelector(same);
      if (made && made !== old) kept.set(made, old);
    }
  }
  replace(parent, wanted, kept);
}

/**
 * @param {Element} parent
 * @param {Node[]} wanted
 * @param {Map<Element, Element>} kept what is being filled in, by the new element whose place it has
 */
function replace(parent, wanted, kept) {
  const places = new Map(wanted.map((node) => [node, placeOf(parent, node, kept)]));
  const staying = new Set(places.values());
  for (const child of [...parent.childNodes]) if (!staying.has(child)) child.remove();
  let next = parent.firstChild;
  for (const [node, place] of places) {
    if (place && place === next) next = next.nextSibling;
    else parent.insertBefore(place ?? node, next);
    if (place instanceof Element && node instanceof Element && place !== node && kept.get(node) !== place) {
      dress(place, node);
      replace(place, [...node.childNodes], kept);
    }
  }
}

/**
 * The child of `parent` that has the place of a wanted node: the very node, what is being filled in, or what that lies in.
 * @param {Element} parent
 * @param {Node} node
 * @param {Map<Element, Element>} kept
 */
function placeOf(parent, node, kept) {
  if (node.parentNode === parent) return node;
  for (const [made, old] of kept) {
    if (!node.contains(made)) continue;
    const child = [...parent.children].find((each) => each.contains(old));
    if (child && (child === old) === (node === made) && child.nodeName === node.nodeName) return child;
  }
  return null;
}

/** Gives an element the attributes of another. @param {Element} element @param {Element} like */
function dress(element, like) {
  for (const { name } of [...element.attributes]) if (!like.hasAttribute(name)) element.removeAttribute(name);
  for (const { name, value } of like.attributes) if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}
