// @ts-check
/** How long to wait after a refusal that says that waiting helps. */

const RETRYABLE = new Set(["rate_limited", "overloaded", "unavailable"]);
/** For a refusal that does not say. */
const RETRY_MS = 1_000;
/** Nobody waits longer than this without asking again, whatever was said. */
const RETRY_MAX_MS = 60_000;
/** Up to so much of the wait is added by chance: whoever was refused together comes back apart. */
const JITTER = 0.25;

/** @param {string} code of an error @returns {boolean} whether the same may be taken later */
export function isRetryable(code) {
  return RETRYABLE.has(code);
}

/** @param {number} [retryMs] what the error said @returns {number} ms */
export function retryWait(retryMs = RETRY_MS) {
  return Math.min(Math.max(retryMs, 1), RETRY_MAX_MS) * (1 + Math.random() * JITTER);
}
