/** Waits until the condition holds; fails after `timeout` ms, naming `what`. */
export async function until(condition: () => boolean, what = condition.toString(), timeout = 5000): Promise<void> {
  const deadline = performance.now() + timeout;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`not within ${timeout} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
