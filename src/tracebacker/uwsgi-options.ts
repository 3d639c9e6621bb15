// The options of a uWSGI server that matter to whoever samples it, from its command line, environment and config files.
// Pure: texts come in. https://uwsgi-docs.readthedocs.io/en/latest/Configuration.html

/** Options in the order of their appearance: uWSGI takes the last, or all of them. */
export type UwsgiOption = readonly [name: string, value: string];

export interface ConfigFile {
  readonly kind: 'ini' | 'yaml' | 'xml';
  readonly path: string;
}

export function parseArguments(args: readonly string[]): { options: UwsgiOption[]; files: ConfigFile[] } {
  const options: UwsgiOption[] = [];
  const files: ConfigFile[] = [];
  for (let at = 1; at < args.length; at++) {
    const arg = args[at]!;
    const [, name, inline] = /^--?([a-z][\w-]*)(?:=(.*))?$/is.exec(arg) ?? [];
    if (name === undefined) {
      const kind = kindOfFile(arg);
      if (kind) files.push({ kind, path: arg });
      continue;
    }
    const next = args[at + 1];
    const value = inline ?? (next === undefined || next.startsWith('-') ? 'true' : next);
    if (inline === undefined && value !== 'true') at += 1;
    addOption(normalise(name), value, options, files);
  }
  return { options, files };
}

/** `UWSGI_PY_TRACEBACKER=/tmp/tb.` is the option `py-tracebacker`. */
export function parseEnvironment(environment: ReadonlyMap<string, string>): {
  options: UwsgiOption[];
  files: ConfigFile[];
} {
  const options: UwsgiOption[] = [];
  const files: ConfigFile[] = [];
  for (const [name, value] of environment) {
    if (name.startsWith('UWSGI_')) addOption(normalise(name.slice('UWSGI_'.length)), value, options, files);
  }
  return { options, files };
}

/** The options of a file's `uwsgi` section. Placeholders such as `%d` are left as they are. */
export function parseConfig(kind: ConfigFile['kind'], text: string): UwsgiOption[] {
  if (kind === 'ini') return parseIni(text);
  return kind === 'yaml' ? parseYaml(text) : parseXml(text);
}

function parseIni(text: string): UwsgiOption[] {
  const options: UwsgiOption[] = [];
  let inside = false;
  for (const line of text.split(/\r?\n/).map((raw) => raw.trim())) {
    const section = /^\[([^\]]*)\]$/.exec(line)?.[1];
    if (section !== undefined) inside = section.trim() === 'uwsgi';
    else if (inside && !/^[;#]/.test(line) && line !== '') {
      const [, name, value] = /^([^=\s]+)\s*(?:=\s*(.*))?$/.exec(line) ?? [];
      if (name !== undefined) options.push([normalise(name), value ?? 'true']);
    }
  }
  return options;
}

/** Only the plain shape that uWSGI's own reader takes: `uwsgi:` and indented `name: value` lines, lists below a name. */
function parseYaml(text: string): UwsgiOption[] {
  const options: UwsgiOption[] = [];
  let inside = false;
  let last = '';
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*(#|$)/.test(line)) continue;
    const [, indent = '', name, value = ''] = /^(\s*)([\w-]+):\s*(.*?)\s*$/.exec(line) ?? [];
    const item = /^\s+-\s+(.*?)\s*$/.exec(line)?.[1];
    if (name !== undefined && indent === '') inside = name === 'uwsgi';
    else if (inside && item !== undefined) options.push([last, unquote(item)]);
    else if (inside && name !== undefined) {
      last = normalise(name);
      if (value !== '') options.push([last, unquote(value)]);
    }
  }
  return options;
}

function parseXml(text: string): UwsgiOption[] {
  const body = /<uwsgi\b[^>]*>([\s\S]*?)<\/uwsgi>/.exec(text.replace(/<!--[\s\S]*?-->/g, ''))?.[1] ?? '';
  return [...body.matchAll(/<([\w-]+)\s*(?:\/>|>([^<]*)<\/\1>)/g)].map(([, name, value]) => [
    normalise(name!),
    (value ?? 'true').trim(),
  ]);
}

function addOption(name: string, value: string, options: UwsgiOption[], files: ConfigFile[]): void {
  const kind = { ini: 'ini', yaml: 'yaml', yml: 'yaml', y: 'yaml', xml: 'xml', x: 'xml' }[name] as ConfigFile['kind'];
  if (kind) files.push({ kind, path: value });
  else options.push([name, value]);
}

function kindOfFile(path: string): ConfigFile['kind'] | null {
  const ending = /\.(ini|yaml|yml|xml)$/.exec(path)?.[1];
  return ending === undefined ? null : ending === 'yml' ? 'yaml' : (ending as ConfigFile['kind']);
}

function normalise(name: string): string {
  return name.toLowerCase().replaceAll('_', '-');
}

function unquote(text: string): string {
  return /^(['"]).*\1$/.test(text) ? text.slice(1, -1) : text;
}
