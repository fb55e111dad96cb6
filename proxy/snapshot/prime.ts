/** Whether `n` is prime; `n` is an integer of at most a few million. */
export function isPrime(n: number): boolean {
  if (n < 4) return n > 1;
  if (n % 2 === 0) return false;
  for (let divisor = 3; divisor * divisor <= n; divisor += 2) if (n % divisor === 0) return false;
  return true;
}

/** The smallest prime ≥ `n`. */
export function nextPrime(n: number): number {
  let prime = Math.max(2, n);
  while (!isPrime(prime)) prime++;
  return prime;
}
