// Names that are attacks.

/** Texts that break out of whatever is not careful: markup, replacement patterns, line ends, direction, terminals. */
export const hostile = [
  '</script><script>window.pwned=1</script>',
  '<img src=x onerror="window.pwned=1">',
  '<!--<script>',
  '</title></style></textarea>-->',
  "$& $` $' $1 $$",
  'a\u2028b\u2029c',
  'gnp.\u202Eexe\u202C',
  `"double" 'single' \`back\``,
  'nul\0nul',
  '\x1b[31mred\x1b[0m \x1b]0;title\x07',
  '&lt;b&gt; &amp;amp; &#x41;',
  '__proto__',
  'constructor',
  'naïve 名前 🐍',
];
