// Words and formats of the page's language. Catalogues are flat JSON files in i18n/; pt-BR is the default.

export const LANGUAGES = { "pt-BR": "Português", es: "Español", en: "English" };

let words = {};
let language = "pt-BR";

export function currentLanguage() {
  return language;
}

/** Load a catalogue; the choice is remembered in this browser. */
export async function useLanguage(wanted) {
  const known = Object.hasOwn(LANGUAGES, wanted) ? wanted : "pt-BR";
  const response = await fetch(`/ui/i18n/${known}.json`);
  words = await response.json();
  language = known;
  localStorage.setItem("language", known);
  document.documentElement.lang = known;
}

const filled = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

/** The words of a key, with {name} filled in; the key itself where a catalogue lacks it. */
export function t(key, values = {}) {
  return filled(words[key] ?? key, values);
}

/** Why the server refused, by the problem's code; in the server's own words where the catalogue has none for it. */
export function refusal(problem) {
  const { code, values = {} } = problem;
  const text = words[`problem.${code}.${values.fault}`] ?? words[`problem.${code}`];
  return text ? filled(text, values) : t("problem.other", { code, detail: problem.detail ?? problem.title });
}

/** The words of a code (disposition, seat state, ...), or the code. */
export function label(kind, code) {
  return code ? words[`${kind}.${code}`] ?? code : t("none");
}

const number = (options) => new Intl.NumberFormat(language, options);

export const count = (value) => number({ maximumFractionDigits: 0 }).format(value);
export const percent = (ratio) => number({ style: "percent", maximumFractionDigits: ratio < 0.1 ? 1 : 0 }).format(ratio);
export const decimal = (value, digits = 2) =>
  number({ minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
export const seconds = (value, digits = 1) =>
  value === null || value === undefined ? t("none") : `${decimal(value, digits)} s`;

// "es" alone is Spain's manner and knows no sign of American money ("3301,50 BRL"): each country's own, or their common
// one, where every currency but the euro shows its code, since many signs are "$".
const AMERICAN = "es-419";
const MONEY_OF_SPANISH = { BRL: "pt-BR", MXN: "es-MX", COP: "es-CO", CLP: "es-CL", PEN: "es-PE", ARS: "es-AR", USD: AMERICAN };

/** Money as the server writes it ("1200.50"), in the page's manner; unmistakable beside `others`. */
export function money(amount, currency, others = false) {
  if (amount === null || amount === undefined) return t("none");
  const manner = language === "es" ? (others ? AMERICAN : MONEY_OF_SPANISH[currency] ?? language) : language;
  return new Intl.NumberFormat(manner, { style: "currency", currency, minimumFractionDigits: amount.includes(".") ? 2 : 0 })
    .format(amount);
}

/** Sums by currency. */
export function sums(balance) {
  const all = Object.entries(balance);
  return all.map(([currency, sum]) => money(sum, currency, all.length > 1)).join(" + ") || t("none");
}

/** 75.2 -> 1:15; 4000 -> 1:06:40. */
export function clock(total) {
  if (total === null || total === undefined || !Number.isFinite(total)) return t("none");
  const whole = Math.max(0, Math.floor(total));
  const two = (part) => String(part).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}:${two(whole % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`;
}

/** Time of day of an instant in a zone. */
export function timeOfDay(instant, zone) {
  return new Intl.DateTimeFormat(language, { timeZone: zone, hour: "2-digit", minute: "2-digit", second: "2-digit" })
    .format(new Date(instant));
}

/** Date and time of an instant in a zone. */
export function moment(instant, zone) {
  return new Intl.DateTimeFormat(language, { timeZone: zone, dateStyle: "medium", timeStyle: "medium" })
    .format(new Date(instant));
}

/** A calendar day ("2026-12-15"), which is in no zone. */
export function calendarDay(day, style = "medium") {
  return new Intl.DateTimeFormat(language, { timeZone: "UTC", dateStyle: style }).format(new Date(`${day}T00:00:00Z`));
}
