// The second view: one call with its recording, transcript, promise and the law's answer.

import * as api from "./api.js";
import { outcome } from "./board.js";
import { h, icon, put, toast } from "./dom.js";
import { calendarDay, clock, label, moment, money, percent, seconds, t } from "./i18n.js";
import { buildPlayer } from "./player.js";

function facts(pairs) {
  return h("dl", { class: "facts" }, pairs.filter(([, value]) => value !== null && value !== undefined && value !== "")
    .map(([name, value]) => h("div", {}, h("dt", {}, t(name)), h("dd", {}, value))));
}

function slotText(name, value, currency) {
  if (currency && ["amount", "down_payment", "instalment_amount"].includes(name)) return money(String(value), currency);
  if (name === "date") return calendarDay(value);
  if (name === "share") return percent(value);
  if (name === "period") return label("period", value);
  if (typeof value === "boolean") return t(value ? "yes" : "no");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function turnItem(turn, seek, currency) {
  const agent = turn.speaker === "agent";
  let words = turn.text;
  if (turn.sensitive) words = t("turn.identity");
  else if (!words) words = t(agent ? "turn.erased" : turn.result === "no_input" ? "turn.silence" : "turn.no_words");
  const chips = [];
  if (!agent) {
    if (turn.intent) chips.push(h("span", { class: "chip strong" }, label("intent", turn.intent)));
    for (const [name, value] of Object.entries(turn.slots)) {
      chips.push(h("span", { class: "chip" }, `${label("slot", name)} ${slotText(name, value, currency)}`));
    }
    if (turn.result && turn.result !== "ok") chips.push(h("span", { class: "chip warn" }, label("result", turn.result)));
  } else if (turn.interrupted) chips.push(h("span", { class: "chip warn" }, t("turn.interrupted")));
  const heard = !agent && turn.confidence !== null && turn.text && h("span", { class: "confidence",
    title: t("turn.confidence", { value: percent(turn.confidence) }) },
    h("meter", { min: 0, max: 1, low: 0.5, high: 0.75, optimum: 1, value: turn.confidence,
      "aria-label": t("turn.confidence", { value: percent(turn.confidence) }) }), percent(turn.confidence));
  const latency = !agent && turn.latency_s !== null &&
    h("span", { class: turn.latency_s > 1.5 ? "slow" : null, title: t("turn.latency") }, `↳ ${seconds(turn.latency_s, 2)}`);
  return h("li", { class: `said ${turn.speaker}${turn.sensitive ? " secret" : ""}`, data: { turn: `${turn.speaker}-${turn.n}` } },
    h("button", { class: "bubble", disabled: turn.started_s === null || !seek,
      onclick: () => seek && seek(turn.started_s, true) },
      h("span", { class: "meta" },
        h("b", {}, t(agent ? "agent" : "debtor")), h("time", {}, clock(turn.started_s)),
        h("span", { class: "script-state" }, turn.state)),
      h("span", { class: turn.text && !turn.sensitive ? "words" : "words muted" }, words),
      (chips.length || heard || latency) && h("span", { class: "meta" }, chips, heard, latency)));
}

/** What a second listening heard, and, while nobody has decided, the two ways to. */
function reviewBlock(agreement, zone, decided) {
  const { review } = agreement;
  if (!review) return null;
  const terms = Object.entries(review.terms).map(([term, verdict]) => h("span",
    { class: verdict === "agreed" ? "chip" : "chip warn" }, `${label("term", term)}: ${label("look", verdict)}`));
  const doubts = review.heard.filter((one) => review.terms[one.term] !== "agreed");
  const note = h("input", { type: "text", maxlength: 500, id: "review-note", placeholder: t("review.note"), "aria-label": t("review.note") });
  const choose = (outcome) => async () => {
    try {
      await api.decide(agreement.id, outcome, note.value);
      toast(t(`review.${outcome}`));
      decided();
    } catch (error) {
      toast(error.message);
    }
  };
  return h("div", { class: "review", id: "review" },
    h("h3", {}, t("review.title")), h("p", { class: "meta" }, terms),
    doubts.map((one) => h("p", {}, h("small", { class: "muted" }, t("review.first")), ` “${one.first ?? t("none")}” `,
      h("small", { class: "muted" }, t("review.second")), ` “${one.second.join(" / ") || t("none")}”`)),
    review.outcome
      ? h("p", { class: "muted" }, t(`review.${review.outcome}`), " · ", review.decided_by, " · ", moment(review.decided_at, zone))
      : review.doubtful && [h("p", {}, t("review.ask")), note, h("div", { class: "row" },
        h("button", { id: "review-confirm", onclick: choose("confirmed") }, t("review.confirm")),
        h("button", { class: "quiet", id: "review-cancel", onclick: choose("cancelled") }, t("review.cancel")))]);
}

function promiseCard(agreement, jump, zone, decided) {
  if (!agreement) return null;
  const amount = (value) => money(value, agreement.currency);
  return h("section", { class: "card promise", id: "promise" },
    h("h2", {}, t("promise.title")),
    h("p", { class: "value" }, amount(agreement.total)),
    agreement.discount && Number(agreement.discount) > 0
      ? h("p", { class: "muted" }, t("promise.discount", { amount: amount(agreement.discount) })) : null,
    h("table", { class: "compact" },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("promise.n")), h("th", { scope: "col" }, t("promise.due")),
        h("th", { scope: "col", class: "end" }, t("promise.amount")), h("th", { scope: "col" }, t("promise.status")))),
      h("tbody", {}, agreement.instalments.map((part) => h("tr", {},
        h("td", {}, part.number === 0 ? t("promise.down") : `${part.number}ª`.replace("ª", t("promise.ordinal"))),
        h("td", {}, calendarDay(part.due)), h("td", { class: "end" }, amount(part.amount)),
        h("td", {}, h("span", { class: `badge ${part.status}` }, label("promise", part.status))))))),
    jump && agreement.offset_s !== null && h("button", { class: "quiet with-icon", onclick: () => jump(agreement.offset_s, true) },
      icon("play"), t("promise.hear", { at: clock(agreement.offset_s) })),
    reviewBlock(agreement, zone, decided));
}

/** Enough of a digest to compare; all of it on pointing. */
const short = (hash) => hash && h("code", { title: hash }, hash.slice(0, 12));

/** What an answerer was known by: a word of ours, and after a colon what was heard or counted. */
function evidence(told) {
  const [by, ...rest] = told.split(": ");
  return [label("evidence", by), ...rest].join(": ");
}

function decisionCard(decision, zone) {
  if (!decision) return null;
  return h("section", { class: "card", id: "decision" },
    h("h2", {}, t("decision.title")),
    h("p", { class: `verdict ${decision.allow ? "good" : "bad"}` }, icon(decision.allow ? "check" : "cross"),
      t(decision.allow ? "decision.allowed" : "decision.denied")),
    facts([
      ["decision.rules", decision.rules.length ? decision.rules.join(", ") : t("decision.no_rules")],
      ["decision.version", short(decision.rule_version)],
      ["decision.purpose", label("purpose", decision.purpose)],
      ["decision.at", moment(decision.decided_at, zone)],
      ["decision.retry", decision.retry_at && moment(decision.retry_at, zone)],
    ]));
}

function detailCard(detail) {
  const over = detail.call.status === "ended";
  return h("section", { class: "card" },
    h("h2", {}, t("facts.title")),
    facts([
      ["facts.creditor", detail.creditor],
      ["facts.seat", detail.call.seat],
      ["facts.mode", label("mode", detail.call.mode)],
      ["facts.ring", seconds(detail.ring_s)],
      ["facts.talk", over ? clock(detail.call.talk_s) : null],
      ["facts.wrap", over ? seconds(detail.wrap_s) : null],
      ["facts.first_audio", detail.first_audio_s === null ? null : seconds(detail.first_audio_s, 2)],
      ["facts.latency", detail.call.latency_s === null ? null : seconds(detail.call.latency_s, 2)],
      ["facts.hangup", detail.hangup_by && label("hangup", detail.hangup_by)],
      ["facts.sip", detail.sip_code],
      ["facts.language", detail.language],
      ["facts.script", short(detail.script_sha256)],
      ["facts.policy", short(detail.policy_sha256)],
      ["facts.recording", detail.recording && short(detail.recording.sha256)],
    ]));
}

function happeningsCard(happenings, zone) {
  if (!happenings.length) return null;
  return h("section", { class: "card" }, h("h2", {}, t("happenings.title")),
    h("ol", { class: "happenings" }, happenings.map((one) => h("li", {},
      h("time", {}, one.offset_s === null ? "" : clock(one.offset_s)),
      h("span", {}, label("event", one.kind),
        one.facts.datum && h("small", {}, ` ${label("datum", one.facts.datum)}`),
        one.facts.status && h("small", {}, ` ${label("phone", one.facts.status)}`),
        one.facts.verdict && h("small", {}, ` ${label("look", one.facts.verdict)}`),
        one.facts.outcome && h("small", {}, ` ${t(`review.${one.facts.outcome}`)}`),
        one.facts.kind && h("small", {}, ` ${label(one.facts.evidence ? "answerer" : "request", one.facts.kind)}`),
        one.facts.evidence && h("small", {}, ` (${evidence(one.facts.evidence)})`),
        one.facts.due_at && h("small", {}, ` ${moment(one.facts.due_at, zone)}`))))));
}

/** What a person should know who takes the call over, the newest first. */
function handOverCard(handOvers, zone) {
  if (!handOvers.length) return null;
  return h("section", { class: "card", id: "hand-over" }, h("h2", {}, t("handover.title")),
    [...handOvers].reverse().map((one) => h("div", {},
      h("p", {}, h("strong", {}, t(`handover.${one.verdict ?? "waiting"}`)), one.taken_by && ` ${one.taken_by}`,
        h("small", { class: "muted" }, ` ${moment(one.began_at, zone)}`)),
      (one.summary ?? t("none")).split("\n").map((line) => h("p", {}, line)))));
}

/** Show one call in `main`; returns how to leave it. */
export function showCall(main, id) {
  let left = false, player = null, timer;
  document.title = `${t("call.title")} · voiceagent`;
  put(main, h("p", { class: "muted empty" }, t("loading")));

  function paint(detail, unmasked) {
    const { call } = detail;
    const items = new Map();
    let current;
    if (player) player.stop();
    player = detail.recording && detail.recording.url ? buildPlayer(detail, (turn) => {
      if (turn === current) return;
      if (current) items.get(current).classList.remove("current");
      current = turn;
      if (turn) {
        const item = items.get(turn);
        item.classList.add("current");
        if (!document.getElementById("audio").paused) item.scrollIntoView({ block: "nearest", behavior: "smooth" });
      }
    }) : null;
    const seek = player && player.seek;
    const zone = detail.time_zone || undefined;
    for (const turn of detail.turns) items.set(turn, turnItem(turn, seek, detail.currency));
    const recordingGone = !player && h("p", { class: "card muted" },
      t(detail.recording ? `recording.${detail.recording.state}` : "recording.none"));
    const reveal = h("button", { class: "quiet with-icon", id: "reveal", "aria-pressed": String(unmasked),
      onclick: () => load(!unmasked) }, icon("eye"), t(unmasked ? "hide" : "reveal"));
    put(main,
      h("a", { class: "button quiet with-icon back", href: "#/" }, icon("back"), t("call.back")),
      h("div", { class: "row heading" },
        h("div", {}, h("h1", {}, call.name ?? t("none")),
          h("p", { class: "muted" }, h("span", { class: "number" }, call.number ?? t("none")), " · ",
            moment(call.started_at, zone))),
        outcome(call), h("span", { class: "grow" }), reveal),
      player ? player.node : recordingGone,
      h("div", { class: "columns" },
        h("section", { class: "card transcript", "aria-labelledby": "transcript-title" },
          h("h2", { id: "transcript-title" }, t("transcript.title")),
          items.size ? h("ol", { class: "talk", id: "transcript" }, [...items.values()])
            : h("p", { class: "muted empty" }, t("transcript.none"))),
        h("aside", {}, handOverCard(detail.hand_overs, zone), promiseCard(detail.agreement, seek, zone, () => load(unmasked)), decisionCard(detail.decision, zone), detailCard(detail),
          happeningsCard(detail.happenings, zone))));
    if (player) api.waveform(id).then((wave) => !left && player.drawWave(wave)).catch(() => {});
  }

  async function load(unmasked) {
    try {
      const detail = await api.call(id, unmasked);
      if (left) return;
      paint(detail, unmasked);
      if (unmasked) toast(t("reveal.audited"));
      clearTimeout(timer);
      // A call in progress grows: look again until it ended.
      if (detail.call.status !== "ended") timer = setTimeout(() => left || load(false), 2000);
    } catch (error) {
      if (left || error.status === 401) return;
      put(main, h("a", { class: "button quiet with-icon back", href: "#/" }, icon("back"), t("call.back")),
        h("p", { class: "card error", role: "alert" }, error.message));
    }
  }

  load(false);
  return () => {
    left = true;
    clearTimeout(timer);
    if (player) player.stop();
  };
}
