const ATTEMPTS = 5;
const PAUSE_SECONDS = 2;

/** What `act` resolves to, tried again for a while where the server is busy. */
export async function patiently(act, signal) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await act();
    } catch (problem) {
      const busy = problem.status === 503 || problem.status === 429;
      if (!busy || attempt === ATTEMPTS) throw problem;
      await pause(problem.retryAfter ?? PAUSE_SECONDS, signal);
    }
  }
}

/** Rejects when `signal`, if there is one, aborts meanwhile. */
export function pause(seconds, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, seconds * 1000);
    signal?.addEventListener("abort", stop);
  });
}
