// The first view: KPIs, seats and the calls of a day. Today's page is fed by the server's event stream.

import * as api from "./api.js";
import { builder, h, icon, keep, put, toast } from "./dom.js";
import { calendarDay, clock, count, label, moment, money, percent, seconds, sums, t, timeOfDay } from "./i18n.js";

const TILES = [
  { key: "attempts", of: null },
  { key: "answered", of: "attempts" },
  { key: "human", of: "attempts" },
  { key: "right_party", of: "human" },
  { key: "promises", of: "right_party" },
  { key: "promised", money: true },
  { key: "tma_s", seconds: true },
  { key: "tmo_s", seconds: true },
];
const FUNNEL = ["attempts", "answered", "human", "right_party", "promises"];
const LIVE_STATES = new Set(["dialing", "ringing", "talking", "wrapup"]);

/** Colour family of an outcome. */
export function tone(row) {
  if (!row.disposition) return "live";
  if (row.disposition === "PTP" || row.disposition === "PAID") return "good";
  if (row.disposition === "ERR" || row.disposition === "CONG") return "bad";
  if (row.right_party) return "info";
  return row.human ? "warm" : "plain";
}

/** The badge of an outcome, or of where a live call is. */
export function outcome(row) {
  const code = row.disposition;
  return h("span", { class: `badge ${tone(row)}` },
    code ? [h("b", {}, code), " ", label("disposition", code)] : label("status", row.status));
}

/** Show the board in `main`; returns how to leave it. */
export function showBoard(main) {
  document.title = `${t("board.title")} · voiceagent`;
  let day, zone = "UTC", stream, ended = false, offset = 0;
  let seats = [], filter = "";
  const rows = new Map();
  const revealed = new Map();
  let total = 0;

  const tiles = h("section", { class: "tiles", "aria-label": t("kpi.title") });
  const doubts = h("section", { class: "card", id: "doubts", hidden: true, "aria-labelledby": "doubts-title" });
  const promised = h("section", { class: "card", id: "callbacks", hidden: true, "aria-labelledby": "callbacks-title" });
  const promisedTitle = h("h2", { id: "callbacks-title" }), promisedCalls = h("ul", { class: "promised-calls" });
  const seatBoard = h("div", { class: "seats" });
  const ofCall = builder(), ofCallback = builder(), ofSeat = builder();
  const body = h("tbody");
  const picker = h("input", { type: "date", "aria-label": t("day"), onchange: () => picker.value && open(picker.value) });
  const title = h("h1");
  const step = (days) => {
    const moved = new Date(`${day}T00:00:00Z`);
    moved.setUTCDate(moved.getUTCDate() + days);
    open(moved.toISOString().slice(0, 10));
  };
  const reveal = h("button", { class: "quiet with-icon", id: "reveal", "aria-pressed": "false", onclick: toggleReveal },
    icon("eye"), h("span", {}, t("reveal")));
  const find = h("input", { type: "search", placeholder: t("calls.find"), "aria-label": t("calls.find"),
    oninput: () => { filter = find.value.trim().toLowerCase(); paintCalls(); } });
  const shown = h("span", { class: "muted", id: "calls-count" });
  const columns = ["time", "name", "number", "outcome", "promise", "duration", "seat", "latency"];

  put(promised, promisedTitle, promisedCalls);
  put(main,
    h("div", { class: "row heading" }, title, h("span", { class: "grow" }),
      h("div", { class: "days" },
        h("button", { class: "quiet square", "aria-label": t("day.before"), onclick: () => step(-1) }, icon("left")),
        picker,
        h("button", { class: "quiet square", "aria-label": t("day.after"), onclick: () => step(1) }, icon("right")))),
    tiles,
    doubts,
    promised,
    h("section", { class: "card", "aria-labelledby": "seats-title" },
      h("h2", { id: "seats-title" }, t("seats.title")), seatBoard),
    h("section", { class: "card calls", "aria-labelledby": "calls-title" },
      h("div", { class: "row" }, h("h2", { id: "calls-title" }, t("calls.title")), shown, h("span", { class: "grow" }), find, reveal),
      h("div", { class: "scroll" },
        h("table", { class: "list" },
          h("thead", {}, h("tr", {}, columns.map((name) =>
            h("th", { scope: "col", class: ["duration", "latency", "promise"].includes(name) ? "end" : null }, t(`calls.${name}`))))),
          body))));

  /** The day's sum of agreements by currency. */
  const promisedOf = (byCurrency) =>
    sums(Object.fromEntries(Object.entries(byCurrency).map(([currency, of]) => [currency, of.promised.value])));

  /** Calls that came in are no attempts of ours: they have a line of their own. */
  function inboundTile({ kpis, money: byCurrency }) {
    if (!kpis.attempts.value) return null;
    const told = ["answered", "right_party", "promises"].map((key) => `${t(`kpi.${key}`)}: ${count(kpis[key].value)}`);
    if (kpis.promises.value) told.push(`${t("kpi.promised")}: ${promisedOf(byCurrency)}`);
    return h("article", { class: "tile wide", id: "kpi-inbound", title: t("kpi.inbound.definition") },
      h("h3", {}, `${t("kpi.inbound")}: ${count(kpis.attempts.value)}`), h("p", { class: "muted" }, told.join(" · ")));
  }

  function tileWords(kpis, byCurrency, { key, of, ...form }) {
    if (form.money) return [promisedOf(byCurrency), t("kpi.promised.hint")];
    const kpi = kpis[key];
    if (form.seconds) return [kpi.value === null ? t("none") : clock(kpi.value), t("kpi.over", { calls: count(kpi.denominator) })];
    if (!of) return [count(kpi.value), t(`kpi.${key}.hint`)];
    const base = kpis[of].value;
    return [count(kpi.value), base ? t(`kpi.${key}.rate`, { rate: percent(kpi.value / base) }) : t("kpi.no_base")];
  }

  function paintTiles({ kpis, money: byCurrency, inbound }) {
    put(tiles, [...TILES.map((form) => {
      const [value, hint] = tileWords(kpis, byCurrency, form);
      const tile = h("article", { class: "tile", id: `kpi-${form.key}`, title: t(`kpi.${form.key}.definition`) },
        h("h3", {}, t(`kpi.${form.key}`)), h("p", { class: "value" }, value), h("p", { class: "muted" }, hint));
      if (FUNNEL.includes(form.key)) {
        tile.append(h("progress", { max: Math.max(kpis.attempts.value, 1), value: kpis[form.key].value, "aria-hidden": "true" }));
      }
      return tile;
    }), inboundTile(inbound)]);
  }

  async function lookForDoubts() {
    const found = await api.reviews().catch(() => null);
    if (!found || ended) return;
    doubts.hidden = !found.doubts.length;
    put(doubts, h("h2", { id: "doubts-title" }, t("doubts.title", { n: count(found.doubts.length) })),
      h("ul", { class: "happenings" }, found.doubts.map((one) => h("li", {},
        h("a", { href: `#/calls/${one.call}` }, one.name ?? t("none")),
        h("span", {}, money(one.total, one.currency), " ", Object.entries(one.review.terms)
          .filter(([, verdict]) => verdict !== "agreed")
          .map(([term, verdict]) => h("small", {}, ` ${label("term", term)}: ${label("look", verdict)}`)))))));
  }

  async function lookForCallbacks() {
    const found = await api.callbacks("open").catch(() => null);
    if (!found || ended) return;
    promised.hidden = !found.callbacks.length;
    promisedTitle.textContent = t("callbacks.title", { n: count(found.callbacks.length) });
    keep(promisedCalls, found.callbacks.map((one) => ofCallback(one.id, [one, zone], () =>
      h("li", { data: { callback: one.id } },
        h("time", { datetime: one.due_at }, moment(one.due_at, zone)),
        h("span", {}, one.name ?? t("none"), " ", h("span", { class: "number" }, one.number ?? ""),
          h("small", {}, ` ${label("callback", one.origin)}`), one.campaign && h("small", {}, ` · ${one.campaign}`)),
        h("button", { class: "quiet", onclick: () => cancelCallback(one.id) }, t("callbacks.cancel"))))));
  }

  async function cancelCallback(id) {
    try {
      await api.cancelCallback(id);
      toast(t("callbacks.cancelled"));
    } catch (error) {
      toast(error.message);
    }
    await lookForCallbacks();
  }

  function paintSeats() {
    const now = Date.now() + offset;
    if (!seats.length) {
      put(seatBoard, h("p", { class: "muted empty" }, t("seats.none")));
      return;
    }
    keep(seatBoard, seats.map((seat) => ofSeat(`${seat.worker} ${seat.name}`, seat, () =>
      h("article", { class: `seat ${seat.state}`, data: { seat: seat.name } },
      h("div", { class: "seat-head" }, h("i", { class: "dot", "aria-hidden": "true" }), h("b", {}, seat.name)),
      h("p", {}, h("span", { class: "state" }, label("seat", seat.state)), " ",
        h("span", { class: "muted" }, `${t("seats.for")} `, h("span", { class: "since", data: { since: seat.since } },
          clock((now - Date.parse(seat.since)) / 1000)))),
      seat.call && LIVE_STATES.has(seat.state)
        ? h("a", { href: `#/calls/${seat.call}` }, t("seats.call"))
        : h("span", { class: "muted" }, t("seats.free"))))));
  }

  function cell(name, content, end) {
    const kinds = [`c-${name}`, end && "end", content === null && "nothing"].filter(Boolean);
    return h("td", { class: kinds.join(" ") }, content ?? h("span", { class: "muted" }, t("none")));
  }

  /** How long a call lasted, or has lasted until now. */
  function duration(row) {
    if (row.status !== "talking" || !row.answered_at) return row.talk_s > 0 ? clock(row.talk_s) : null;
    return h("span", { class: "since", data: { since: row.answered_at } },
      clock((Date.now() + offset - Date.parse(row.answered_at)) / 1000));
  }

  function line(row) {
    const known = revealed.get(row.id) || row;
    const promise = row.promise && [money(row.promise.total, row.promise.currency),
      h("small", {}, row.promise.instalments > 1
        ? t("promise.times", { n: row.promise.instalments, due: calendarDay(row.promise.first_due, "short") })
        : t("promise.once", { due: calendarDay(row.promise.first_due, "short") }))];
    return h("tr", { data: { call: row.id }, class: row.status === "ended" ? null : "is-live",
      onclick: (event) => event.target.closest("a") || (location.hash = `#/calls/${row.id}`) },
      cell("time", h("a", { href: `#/calls/${row.id}`, class: "cell-link" }, timeOfDay(row.started_at, zone))),
      cell("name", known.name ?? t("none")),
      cell("number", h("span", { class: "number" }, known.number ?? t("none"))),
      cell("outcome", outcome(row)),
      cell("promise", promise, true),
      cell("duration", duration(row), true),
      cell("seat", row.seat),
      cell("latency", row.latency_s === null ? null : seconds(row.latency_s, 2), true));
  }

  function paintCalls() {
    const sorted = [...rows.values()].sort((a, b) => (a.started_at < b.started_at ? 1 : -1));
    const matching = filter ? sorted.filter((row) => {
      const known = revealed.get(row.id) || row;
      return [known.name, known.number, row.disposition, label("disposition", row.disposition), row.seat]
        .some((text) => text && text.toLowerCase().includes(filter));
    }) : sorted;
    shown.textContent = t("calls.count", { shown: count(matching.length), total: count(total) });
    const across = (...content) => h("tr", {}, h("td", { colspan: columns.length, class: "muted empty" }, content));
    const older = total - rows.size;
    const lineOf = (row) => ofCall(row.id, [row, revealed.get(row.id), zone], () => line(row));
    keep(body, matching.length ? matching.map(lineOf) : across(t(rows.size ? "calls.no_match" : "calls.none")),
      older > 0 && across(t("calls.older", { n: count(older) }), " ",
        h("button", { class: "quiet", id: "calls-more", onclick: showOlder }, t("calls.more"))));
  }

  /** The server gives so many calls at once; the older ones are asked for. */
  async function showOlder(event) {
    const asked = day;
    event.target.disabled = true;
    try {
      const at = rows.size;
      const found = await api.calls(asked, false, at);
      const known = revealed.size ? (await api.calls(asked, true, at)).calls : [];
      if (ended || day !== asked) return;
      for (const row of found.calls) rows.set(row.id, row);
      for (const row of known) revealed.set(row.id, row);
    } catch (error) {
      toast(error.message);
    }
    paintCalls();
  }

  async function toggleReveal() {
    const on = reveal.getAttribute("aria-pressed") !== "true";
    try {
      revealed.clear();
      for (let at = 0, found; on && at < rows.size; at += found.length) {
        found = (await api.calls(day, true, at)).calls;
        if (!found.length) break;
        for (const row of found) revealed.set(row.id, row);
      }
    } catch (error) {
      toast(error.message);
      return;
    }
    reveal.setAttribute("aria-pressed", String(on));
    reveal.lastChild.textContent = t(on ? "hide" : "reveal");
    if (on) toast(t("reveal.audited"));
    paintCalls();
  }

  function setLive(state) {
    const node = document.getElementById("live");
    if (!node) return;
    node.hidden = state === "gone";
    node.dataset.state = state;
    if (state !== "gone") node.lastChild.textContent = t(`live.${state}`);
  }

  function open(wanted) {
    day = wanted;
    picker.value = wanted;
    title.textContent = calendarDay(wanted, "full");
    rows.clear();
    revealed.clear();
    reveal.setAttribute("aria-pressed", "false");
    reveal.lastChild.textContent = t("reveal");
    if (stream) stream.close();
    setLive("wait");
    stream = new EventSource(api.liveUrl(wanted));
    stream.onopen = () => setLive("on");
    stream.onerror = () => {
      setLive("off");
      // A stream that was refused never reconnects: find out whether the session is over.
      if (stream.readyState === EventSource.CLOSED && !ended) {
        api.days().catch(() => {});
        setTimeout(() => !ended && day === wanted && open(wanted), 5000);
      }
    };
    stream.addEventListener("seats", (event) => {
      const board = JSON.parse(event.data);
      offset = Date.parse(board.now) - Date.now();
      seats = board.seats;
      paintSeats();
    });
    stream.addEventListener("calls", (event) => {
      const list = JSON.parse(event.data);
      zone = list.time_zone;
      total = list.total;
      if (list.whole) rows.clear();
      for (const row of list.calls) rows.set(row.id, row);
      paintCalls();
    });
    stream.addEventListener("kpis", (event) => {
      paintTiles(JSON.parse(event.data));
      lookForDoubts();
      lookForCallbacks();
    });
  }

  const beat = setInterval(() => {
    const now = Date.now() + offset;
    for (const node of main.querySelectorAll(".since")) {
      node.textContent = clock((now - Date.parse(node.dataset.since)) / 1000);
    }
  }, 1000);

  (async () => {
    try {
      const known = await api.days();
      const busy = known.days.some((entry) => entry.day === known.today);
      const remembered = sessionStorage.getItem("day");
      if (!ended) open(remembered || (busy || !known.days.length ? known.today : known.days[0].day));
    } catch (error) {
      if (error.status !== 401) toast(error.message);
    }
  })();

  return () => {
    ended = true;
    clearInterval(beat);
    if (stream) stream.close();
    setLive("gone");
    if (day) sessionStorage.setItem("day", day);
  };
}
