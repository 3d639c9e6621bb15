// The date before a line of a log -> when it was. Pure; dates without a zone are taken for UTC, so that the same file
// gives the same profile everywhere.

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** ISO 8601, with a blank or slashes too: `2026-11-23 23:09:52,123`, `2026-11-23T23:09:52Z`, `2026/11/23 23:09:52`. */
const iso = /(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?\s?(Z|[+-]\d\d:?\d\d)?/;
/** asctime, uWSGI's own: `Mon Nov 23 23:08:02 2026`. */
const asctime = /([A-Z][a-z]{2}) +(\d{1,2}) (\d\d):(\d\d):(\d\d) (\d{4})/;
/** Common log format: `23/Nov/2026:23:08:02 +0000`. */
const common = /(\d{1,2})\/([A-Z][a-z]{2})\/(\d{4}):(\d\d):(\d\d):(\d\d) ?([+-]\d\d:?\d\d)?/;

/** Milliseconds since 1970; null where there is no date, or one without its year (syslog's). */
export function parseLogTime(text: string): number | null {
  const [, year, month, day, hour, minute, second, fraction = '0', zone] = iso.exec(text) ?? [];
  if (year) {
    const ms = Number(`0.${fraction}`) * 1_000;
    return toEpochMs([year, Number(month) - 1, day!, hour!, minute!, second!], zone, ms);
  }
  const [, name, date, h, m, s, y] = asctime.exec(text) ?? [];
  if (name) return toEpochMs([y!, months.indexOf(name), date!, h!, m!, s!]);
  const [, dd, mon, yyyy, hh, mm, ss, offset] = common.exec(text) ?? [];
  return dd ? toEpochMs([yyyy!, months.indexOf(mon!), dd, hh!, mm!, ss!], offset) : null;
}

type Fields = readonly [year: string, month: number, day: string, hour: string, minute: string, second: string];

function toEpochMs([year, month, day, hour, minute, second]: Fields, zone = 'Z', ms = 0): number | null {
  if (month < 0 || month > 11) return null;
  const utc = Date.UTC(Number(year), month, Number(day), Number(hour), Number(minute), Number(second)) + Math.round(ms);
  const [, sign, hours = '0', minutes = '0'] = /^([+-])(\d\d):?(\d\d)$/.exec(zone) ?? [];
  const epochMs = utc - (Number(hours) * 60 + Number(minutes)) * 60_000 * (sign === '-' ? -1 : 1);
  return epochMs >= 0 ? epochMs : null;
}
