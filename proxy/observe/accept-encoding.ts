/** Whether an Accept-Encoding header accepts gzip (`q=0` refuses it). */
export function acceptsGzip(header: string | string[] | undefined): boolean {
  return String(header ?? '')
    .split(',')
    .map((coding) => /^\s*(?:x-)?gzip\s*(?:;\s*q=([\d.]+)\s*)?$/i.exec(coding))
    .some((found) => found !== null && Number(found[1] ?? 1) > 0);
}
