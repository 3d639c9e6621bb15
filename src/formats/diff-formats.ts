// The registry of formats of comparisons: a new one is one file and one line here.
import { diffCollapsed } from './diff-collapsed.ts';
import type { DiffFormat } from './diff-format.ts';
import { diffHtml } from './diff-html.ts';
import { diffJson } from './diff-json.ts';
import { diffMarkdown } from './diff-markdown.ts';
import { diffTable } from './diff-table.ts';

export const diffFormats: readonly DiffFormat[] = [diffHtml, diffMarkdown, diffCollapsed, diffJson, diffTable];
