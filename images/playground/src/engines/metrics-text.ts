import type { MetricSample } from "../api.ts";

/** More samples of one engine than this are not read. */
const samplesMax = 5000;

/** Reads Prometheus's text format (0.0.4): the samples, without their meanings; histograms' buckets are left out. */
export function readMetrics(text: string): MetricSample[] {
  const samples: MetricSample[] = [];
  for (const line of text.split("\n")) {
    const match = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line);
    if (match === null) continue;
    const [, name = "", labels = "", value = ""] = match;
    if (name.endsWith("_bucket")) continue;
    const number = Number(value);
    if (Number.isFinite(number)) samples.push({ name, labels, value: number });
    if (samples.length === samplesMax) break;
  }
  return samples;
}
