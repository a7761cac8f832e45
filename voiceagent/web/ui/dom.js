// Small helpers to build elements: no markup is ever parsed from text, so nothing said in a call can become code.

const SVG = "http://www.w3.org/2000/svg";

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "data") Object.assign(node.dataset, value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** An HTML element: h("p", {class: "hint", onclick: f}, "text", child). */
export function h(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** An SVG element. */
export function s(tag, attributes, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

/** Replace what is inside a node. */
export function put(node, ...children) {
  node.replaceChildren(...children.flat(3).filter(Boolean));
  return node;
}

/** Like `put`, but what stays in place is not touched: it keeps the focus, and a click that has begun. */
export function keep(node, ...children) {
  const wanted = children.flat(3).filter(Boolean);
  const staying = new Set(wanted);
  for (const child of [...node.childNodes]) if (!staying.has(child)) child.remove();
  wanted.forEach((child, at) => node.childNodes[at] === child || node.insertBefore(child, node.childNodes[at] ?? null));
}

/** Builds a node for each key, and again only when what it shows has changed. */
export function builder() {
  const built = new Map();
  return (key, shown, build) => {
    const told = JSON.stringify(shown);
    if (built.get(key)?.told !== told) built.set(key, { told, node: build() });
    return built.get(key).node;
  };
}

const ICONS = {
  play: "M8 5.5v13l11-6.5z",
  pause: "M7 5h4v14H7zM13 5h4v14h-4z",
  back: "M14.5 5 7.5 12l7 7",
  left: "M14.5 6 8.5 12l6 6",
  right: "M9.5 6l6 6-6 6",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 9.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6z",
  check: "M5 12.5l4.5 4.5L19 7.5",
  cross: "M6.5 6.5l11 11M17.5 6.5l-11 11",
  down: "M12 4v11M7 10.5l5 5 5-5M5 19.5h14",
  lock: "M7 11V8a5 5 0 0 1 10 0v3M5.5 11h13v9h-13z",
};
const SOLID = new Set(["play", "pause"]);

/** A decorative icon; its button carries the words. */
export function icon(name) {
  return s("svg", { viewBox: "0 0 24 24", class: `icon ${SOLID.has(name) ? "solid" : ""}`, "aria-hidden": "true" },
    s("path", { d: ICONS[name] }));
}

let hiding;
/** A short message at the bottom of the page, read aloud by screen readers. */
export function toast(text) {
  const node = document.getElementById("toast");
  node.textContent = text;
  node.classList.add("shown");
  clearTimeout(hiding);
  hiding = setTimeout(() => node.classList.remove("shown"), 5000);
}
