/** Time as the sessions see it; tests bring their own. */
export const realTimers = {
  now: () => Date.now(),
  /** @returns {() => void} takes it back */
  after(ms, work) {
    const timer = setTimeout(work, ms);
    return () => clearTimeout(timer);
  },
};
