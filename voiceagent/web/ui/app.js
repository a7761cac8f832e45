// Starts the page: session, language, the bar on top, and which of the two views the address asks for.

import * as api from "./api.js";
import { showBoard } from "./board.js";
import { showCall } from "./call.js";
import { showPrivacy, showSegments } from "./law.js";
import { h, icon, put, toast } from "./dom.js";
import { LANGUAGES, currentLanguage, t, useLanguage } from "./i18n.js";

const main = document.getElementById("main");
let leave = () => {};
let signedIn = false;

function brand() {
  const bars = [0, 1, 2, 3, 4].map((n) => h("i", { class: `b${n}` }));
  return h("a", { class: "brand", href: "#/" }, h("span", { class: "mark", "aria-hidden": "true" }, bars), "voiceagent");
}

function languages() {
  const choices = Object.entries(LANGUAGES).map(([code, name]) =>
    h("option", { value: code, selected: code === currentLanguage() }, name));
  return h("select", { class: "quiet", "aria-label": t("language"), onchange: async (event) => {
    await useLanguage(event.target.value);
    render();
  } }, choices);
}

/** The views, for who is signed in; the one shown is marked. */
function views() {
  const [, here] = location.hash.split("/");
  return h("nav", { "aria-label": t("nav.title") }, ["board", "segments", "privacy"].map((name) => {
    const current = name === "board" ? !["segments", "privacy"].includes(here) : here === name;
    return h("a", { href: name === "board" ? "#/" : `#/${name}`, "aria-current": current && "page" }, t(`nav.${name}`));
  }));
}

function topBar() {
  document.getElementById("skip").textContent = t("skip");
  put(document.getElementById("top"),
    brand(),
    signedIn && views(),
    h("span", { class: "live", id: "live", hidden: true }, h("i", { "aria-hidden": "true" }), h("span", {}, t("live.wait"))),
    h("span", { class: "grow" }),
    languages(),
    signedIn && h("button", { class: "quiet", onclick: async () => {
      await api.signOut();
      signedIn = false;
      render();
    } }, t("sign_out")));
}

function signInForm(message) {
  const field = h("input", { type: "password", id: "token", name: "token", required: true, autocomplete: "current-password",
    autofocus: true, "aria-describedby": "token-help" });
  const form = h("form", { class: "card sign-in", onsubmit: async (event) => {
    event.preventDefault();
    await enter(field.value);
  } },
    h("div", { class: "badge-icon" }, icon("lock")),
    h("h1", {}, t("sign_in.title")),
    h("p", { id: "token-help", class: "muted" }, t("sign_in.help")),
    h("label", { for: "token" }, t("sign_in.token")), field,
    message && h("p", { class: "error", role: "alert" }, message),
    h("button", { class: "primary", type: "submit" }, t("sign_in.go")));
  put(main, form);
  field.focus();
}

async function enter(token) {
  try {
    await api.signIn(token);
    signedIn = true;
    render();
  } catch (error) {
    signedIn = false;
    topBar();
    signInForm(error.message);
  }
}

function render() {
  leave();
  leave = () => {};
  topBar();
  if (!signedIn) {
    document.title = "voiceagent";
    signInForm();
    return;
  }
  const [, view, id] = location.hash.split("/");
  if (view === "calls" && id) leave = showCall(main, id);
  else if (view === "segments") leave = showSegments(main);
  else if (view === "privacy") leave = showPrivacy(main);
  else leave = showBoard(main);
  window.scrollTo(0, 0);
}

api.whenSessionIsLost(() => {
  if (!signedIn) return;
  signedIn = false;
  toast(t("sign_in.ended"));
  render();
});

/** Sign in with the token of the address, if it has one; it must not stay in the address bar or the history. */
async function enterByAddress() {
  const given = /^#token=(.+)$/.exec(location.hash);
  if (!given) return false;
  history.replaceState(null, "", location.pathname);
  await enter(decodeURIComponent(given[1]));
  return true;
}

async function start() {
  await useLanguage(localStorage.getItem("language") || "pt-BR");
  if (!(await enterByAddress())) {
    signedIn = (await api.session()).signed_in;
    render();
  }
  window.addEventListener("hashchange", async () => (await enterByAddress()) || render());
}

start();
