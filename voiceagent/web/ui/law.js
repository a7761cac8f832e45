// Segments (saved filters with live counts, and one to try) and privacy (what is kept of a person, and what may be done).

import * as api from "./api.js";
import { h, put, toast } from "./dom.js";
import { count, label, moment, sums, t } from "./i18n.js";

function heading(key) {
  document.title = `${t(key)} · voiceagent`;
  return h("div", { class: "row heading" }, h("h1", {}, t(key)));
}

function table(columns, rows, empty) {
  return h("div", { class: "scroll" }, h("table", { class: "list plain-list" },
    h("thead", {}, h("tr", {}, columns.map((key) => h("th", { scope: "col" }, t(key))))),
    h("tbody", {}, rows.length ? rows.map((cells) => h("tr", {}, cells.map((cell) => h("td", {}, cell ?? t("none")))))
      : h("tr", {}, h("td", { colspan: columns.length, class: "muted empty" }, t(empty))))));
}

/** Show the segments in `main`; returns how to leave them. */
export function showSegments(main) {
  let left = false;
  const saved = h("div", { id: "segments" });
  const known = h("div", { id: "fields" });
  const field = h("input", { type: "text", id: "filter", class: "wide", spellcheck: "false", autocomplete: "off",
    placeholder: "days_overdue between 31 and 90 and state in (SP, RJ)" });
  const told = h("div", { id: "filter-answer", role: "status" });

  async function tryFilter(event) {
    event.preventDefault();
    try {
      const found = await api.tryFilter(field.value);
      put(told,
        h("p", {}, h("b", { class: "value" }, count(found.cases)), " ",
          t("segments.held", { people: count(found.people), balance: sums(found.balance) })),
        h("dl", { class: "facts" }, Object.entries(found.ages).filter(([, cases]) => cases).map(([age, cases]) =>
          h("div", {}, h("dt", {}, t("segments.age", { age })), h("dd", {}, count(cases))))));
    } catch (error) {
      if (error.status !== 401) put(told, h("p", { class: "error", role: "alert" }, error.message));
    }
  }

  put(main, heading("segments.title"),
    h("section", { class: "card" }, h("h2", {}, t("segments.try")),
      h("form", { class: "row ask", onsubmit: tryFilter },
        h("label", { for: "filter", class: "muted" }, t("segments.filter")), field,
        h("button", { class: "primary", type: "submit" }, t("segments.count"))),
      told, h("details", {}, h("summary", {}, t("segments.fields")), known)),
    h("section", { class: "card" }, h("h2", {}, t("segments.saved")), saved));

  async function load() {
    try {
      const [list, fields] = [await api.segments(), await api.filterFields()];
      if (left) return;
      put(saved, table(["segments.name", "segments.filter", "segments.cases", "segments.people", "segments.balance"],
        list.segments.map((one) => [h("b", {}, one.name),
          h("button", { class: "quiet", onclick: () => { field.value = one.filter; field.form.requestSubmit(); } },
            h("code", {}, one.filter)),
          count(one.cases), count(one.people), sums(one.balance)]), "segments.none"));
      put(known, table(["segments.name", "segments.type", "segments.meaning"],
        fields.fields.map((one) => [h("code", {}, one.name), label("type", one.type), label("field", one.name)]), "segments.none"));
    } catch (error) {
      if (!left && error.status !== 401) put(saved, h("p", { class: "error", role: "alert" }, error.message));
    }
  }

  load();
  return () => { left = true; };
}

/** Save a document of the server as a file. */
function keep(name, document_) {
  const url = URL.createObjectURL(new Blob([JSON.stringify(document_, null, 1)], { type: "application/json" }));
  const link = h("a", { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

/** Show what is kept of people in `main`; returns how to leave it. */
export function showPrivacy(main) {
  let left = false, asked = "";
  const contact = h("input", { type: "text", id: "contact", class: "wide", autocomplete: "off", required: true });
  const card = h("div", { id: "person" });

  async function look(reveal) {
    try {
      const found = await api.person(asked, reveal);
      if (left) return;
      paint(found);
      if (reveal) toast(t("reveal.audited"));
    } catch (error) {
      if (!left && error.status !== 401) put(card, h("p", { class: "card error", role: "alert" }, error.message));
    }
  }

  /** A form with a reason; `more` are further fields. Failures are told where they were caused. */
  function act(id, title, hint, button, work, ...more) {
    const reason = h("input", { type: "text", id: `${id}-reason`, required: true, autocomplete: "off" });
    const wrong = h("p", { class: "error", role: "alert" });
    return h("form", { class: "card act", id, onsubmit: async (event) => {
      event.preventDefault();
      wrong.textContent = "";
      try {
        await work(reason.value);
      } catch (error) {
        if (error.status !== 401) wrong.textContent = error.message;
      }
    } }, h("h2", {}, title), h("p", { class: "muted" }, hint),
      h("label", { for: `${id}-reason` }, t("privacy.reason")), reason, more, wrong,
      h("button", { class: id === "erase" ? "danger" : "primary", type: "submit" }, button));
  }

  function paint(found) {
    const confirm = h("input", { type: "text", id: "erase-confirm", required: true, autocomplete: "off" });
    const despite = h("input", { type: "checkbox", id: "erase-despite" });
    put(card,
      h("section", { class: "card" },
        h("div", { class: "row" }, h("h2", {}, found.name ?? t("none")),
          found.erased_at && h("span", { class: "badge bad" }, t("privacy.erased_at", { at: moment(found.erased_at) })),
          found.holds.map((reason) => h("span", { class: "badge warm" }, t("privacy.held", { reason }))),
          h("span", { class: "grow" }),
          h("button", { class: "quiet", id: "reveal", "aria-pressed": String(!found.masked),
            onclick: () => look(found.masked) }, t(found.masked ? "reveal" : "hide"))),
        table(["privacy.kind", "privacy.value", "privacy.source", "privacy.purpose", "privacy.since"],
          found.data.filter((one) => one.value !== null).map((one) => [label("data", one.kind), one.value, one.source,
            one.purpose && label("purpose", one.purpose), one.since && moment(one.since)]), "privacy.nothing")),
      h("section", { class: "card" }, h("h2", {}, t("privacy.kept")),
        h("p", { class: "row" }, Object.entries(found.kept).map(([name, rows]) =>
          h("span", { class: "badge" }, h("code", {}, name), ` ${count(rows)}`)))),
      h("section", { class: "card", id: "access" }, h("h2", {}, t("privacy.access")),
        table(["privacy.at", "privacy.who", "privacy.what"],
          found.access.map((one) => [moment(one.at), h("code", {}, one.who), label("event", one.what)]), "privacy.nobody")),
      h("div", { class: "acts" },
        act("export", t("privacy.export"), t("privacy.export.hint"), t("privacy.export"), async (reason) => {
          keep(`${found.id}.json`, await api.exportPerson(found.id, reason));
          await look(false);
        }),
        act("hold", t(found.holds.length ? "privacy.lift" : "privacy.hold"), t("privacy.hold.hint"),
          t(found.holds.length ? "privacy.lift" : "privacy.hold"), async (reason) => {
            await api.holdPerson(found.id, reason, found.holds.length > 0);
            await look(false);
          }),
        act("erase", t("privacy.erase"), t("privacy.erase.hint"), t("privacy.erase"), async (reason) => {
          const done = await api.erasePerson(found.id, reason, confirm.value, despite.checked);
          asked = found.id;
          await look(false);
          toast(t("privacy.erased", { n: count(done.erased) }));
        }, h("label", { for: "erase-confirm" }, t("privacy.confirm")), confirm,
          h("label", { class: "row" }, despite, t("privacy.despite")))));
  }

  put(main, heading("privacy.title"),
    h("form", { class: "card row ask", onsubmit: (event) => { event.preventDefault(); asked = contact.value.trim(); look(false); } },
      h("label", { for: "contact", class: "muted" }, t("privacy.contact")), contact,
      h("button", { class: "primary", type: "submit" }, t("privacy.find"))),
    card);
  contact.focus();
  return () => { left = true; };
}
