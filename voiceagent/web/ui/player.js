// The player of a call: one audio element, a timeline of both sides with their turns, and the playhead.

import { h, icon, put, s, toast } from "./dom.js";
import { clock, t } from "./i18n.js";

const WIDTH = 1000;
const LANE = 46;
const RATES = [1, 1.25, 1.5, 2];

/** A closed outline of peaks around the middle of a lane. */
function outline(peaks, top) {
  const middle = top + LANE / 2;
  const x = (n) => ((n + 0.5) / peaks.length) * WIDTH;
  const half = (peak) => Math.max(0.6, Math.sqrt(peak) * (LANE / 2 - 3));
  const above = peaks.map((peak, n) => `${x(n).toFixed(1)},${(middle - half(peak)).toFixed(1)}`);
  const below = peaks.map((peak, n) => `${x(n).toFixed(1)},${(middle + half(peak)).toFixed(1)}`).reverse();
  return `M${above.concat(below).join("L")}Z`;
}

/**
 * Build a player. `detail`: the call's detail; `onTurn(turn)`: told which turn is being heard.
 * Returns {node, seek(seconds, play), drawWave(waveform)}.
 */
export function buildPlayer(detail, onTurn) {
  const { recording, turns, agreement } = detail;
  const length = Math.max(recording.seconds || 0, detail.call.talk_s || 0, ...turns.map((turn) => turn.ended_s || 0), 1);
  const audio = h("audio", { preload: "none", src: recording.url, id: "audio", "aria-label": t("player.title") });
  const at = (seconds) => (Math.min(Math.max(seconds, 0), length) / length) * WIDTH;
  const waves = s("g", { class: "waves" });
  const playhead = s("line", { class: "playhead", x1: 0, x2: 0, y1: 0, y2: 2 * LANE + 8 });
  const bars = turns.filter((turn) => turn.started_s !== null).map((turn) => {
    const top = turn.speaker === "agent" ? 0 : LANE + 8;
    const end = turn.ended_s ?? turn.started_s;
    return s("rect", { class: `turn ${turn.speaker}`, x: at(turn.started_s), y: top, rx: 3, height: LANE,
      width: Math.max(at(end) - at(turn.started_s), 3) });
  });
  const marks = recording.marks.map(([from, to]) =>
    s("rect", { class: "secret", x: at(from), y: LANE + 8, height: LANE, width: Math.max(at(to) - at(from), 3) },
      s("title", {}, t("player.identity"))));
  const flag = agreement && agreement.offset_s !== null && s("g", { class: "flag" },
    s("title", {}, t("player.promise")),
    s("line", { x1: at(agreement.offset_s), x2: at(agreement.offset_s), y1: 0, y2: 2 * LANE + 8 }));
  const drawing = s("svg", { viewBox: `0 0 ${WIDTH} ${2 * LANE + 8}`, preserveAspectRatio: "none", class: "timeline", id: "timeline",
    role: "slider", tabindex: "0", "aria-label": t("player.timeline"), "aria-valuemin": 0, "aria-valuemax": Math.round(length) },
    bars, marks, waves, flag || s("g"), playhead);

  const toggle = h("button", { class: "primary round", id: "play", onclick: () => (audio.paused ? play() : audio.pause()) });
  const elapsed = h("span", { class: "elapsed" });
  const rate = h("button", { class: "quiet", "aria-label": t("player.speed"), onclick: () => {
    audio.playbackRate = RATES[(RATES.indexOf(audio.playbackRate) + 1) % RATES.length];
    rate.textContent = `${audio.playbackRate}×`;
  } }, "1×");

  function show(now) {
    playhead.setAttribute("x1", at(now));
    playhead.setAttribute("x2", at(now));
    elapsed.textContent = `${clock(now)} / ${clock(length)}`;
    drawing.setAttribute("aria-valuenow", Math.round(now));
    drawing.setAttribute("aria-valuetext", clock(now));
    const heard = turns.filter((turn) => turn.started_s !== null && turn.started_s <= now + 0.05).at(-1);
    onTurn(now > 0 ? heard : undefined);
  }

  function follow() {
    show(audio.currentTime);
    if (!audio.paused) requestAnimationFrame(follow);
  }

  function paintToggle() {
    put(toggle, icon(audio.paused ? "play" : "pause"));
    toggle.setAttribute("aria-label", t(audio.paused ? "player.play" : "player.pause"));
  }

  async function play() {
    try {
      await audio.play();
    } catch (error) {
      if (error.name !== "AbortError") toast(t("player.failed"));
    }
  }

  function seek(seconds, andPlay = false) {
    const target = Math.min(Math.max(seconds, 0), length);
    show(target);
    if (audio.readyState > 0) audio.currentTime = target;
    else {
      // Nothing is loaded before someone listens: loading is what the journal counts as listening.
      audio.addEventListener("loadedmetadata", () => { audio.currentTime = target; }, { once: true });
      audio.preload = "auto";
      audio.load();
    }
    if (andPlay) play();
  }

  audio.addEventListener("play", () => { paintToggle(); follow(); });
  audio.addEventListener("pause", paintToggle);
  audio.addEventListener("ended", paintToggle);
  audio.addEventListener("seeked", () => show(audio.currentTime));
  audio.addEventListener("error", () => toast(t("player.failed")));
  drawing.addEventListener("click", (event) => {
    const box = drawing.getBoundingClientRect();
    seek(((event.clientX - box.left) / box.width) * length);
  });
  drawing.addEventListener("keydown", (event) => {
    const moves = { ArrowLeft: -5, ArrowRight: 5, PageDown: -30, PageUp: 30 };
    if (event.key in moves) seek(audio.currentTime + moves[event.key]);
    else if (event.key === "Home") seek(0);
    else if (event.key === " ") toggle.click();
    else return;
    event.preventDefault();
  });
  paintToggle();
  show(0);

  const node = h("section", { class: "card player", "aria-label": t("player.title") },
    h("div", { class: "lanes" },
      h("div", { class: "lane-names" }, h("span", { class: "agent" }, t("agent")), h("span", { class: "debtor" }, t("debtor"))),
      drawing),
    h("div", { class: "row" }, toggle, elapsed, h("span", { class: "grow" }), rate,
      h("a", { class: "button quiet with-icon", href: `${recording.url}?download=1`, download: "" }, icon("down"), t("player.download"))),
    audio);

  return {
    node,
    seek,
    stop: () => { audio.pause(); audio.removeAttribute("src"); audio.load(); },
    drawWave: (waveform) => {
      waves.replaceChildren(
        s("path", { class: "wave agent", d: outline(waveform.agent, 0) }),
        s("path", { class: "wave debtor", d: outline(waveform.debtor, LANE + 8) }));
    },
  };
}
