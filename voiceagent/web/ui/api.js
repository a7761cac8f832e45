// The API as the page uses it; a lost session is told once, to whoever asked to know.

import { refusal } from "./i18n.js";

let onLost = () => {};

export function whenSessionIsLost(callback) {
  onLost = callback;
}

export function sessionLost() {
  onLost();
}

export class ApiError extends Error {
  constructor(status, problem) {
    super(refusal(problem));
    this.status = status;
    this.code = problem.code;
  }
}

async function request(path, options = {}) {
  const response = await fetch(path, { credentials: "same-origin", ...options }).catch(() => {
    throw new ApiError(0, { code: "offline" });
  });
  if (response.ok) return response.status === 204 ? null : response.json();
  const problem = await response.json().catch(() => ({ code: `http_${response.status}`, title: response.statusText }));
  if (response.status === 401 && path !== "/v1/session") onLost();
  throw new ApiError(response.status, problem);
}

const query = (values) => {
  const set = Object.entries(values).filter(([, value]) => value !== undefined && value !== null && value !== false);
  return set.length ? `?${new URLSearchParams(set)}` : "";
};

export const session = () => request("/v1/session");
export const signIn = (token) =>
  request("/v1/session", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ token }) });
export const signOut = () => request("/v1/session", { method: "DELETE" });
export const days = () => request("/v1/days");
export const calls = (day, reveal, offset) => request(`/v1/calls${query({ day, reveal: reveal && "true", offset })}`);
export const call = (id, reveal) => request(`/v1/calls/${id}${query({ reveal: reveal && "true" })}`);
export const waveform = (id) => request(`/v1/calls/${id}/waveform`);
export const reviews = () => request("/v1/reviews");
export const decide = (agreement, outcome, note) =>
  request(`/v1/reviews/${agreement}`, { method: "POST", headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ outcome, note }) });
export const callbacks = (status) => request(`/v1/callbacks${query({ status })}`);
export const cancelCallback = (id) => request(`/v1/callbacks/${id}`, { method: "DELETE" });
const post = (path, body) =>
  request(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
export const segments = () => request("/v1/segments");
export const filterFields = () => request("/v1/segments/fields");
export const tryFilter = (filter) => post("/v1/segments/count", { filter });
export const person = (contact, reveal) => post("/v1/people", { contact, reveal });
export const exportPerson = (id, reason) => post(`/v1/people/${id}/export`, { reason });
export const holdPerson = (id, reason, lift) => post(`/v1/people/${id}/hold`, { reason, lift });
export const erasePerson = (id, reason, confirm, despite_retention) =>
  post(`/v1/people/${id}/erase`, { reason, confirm, despite_retention });
export const liveUrl = (day) => `/v1/live${query({ day })}`;
