/** A terminal's cells as SVG: its own ground and colours, so that it reads the same on light and dark pages. */

const [CELL_WIDTH, CELL_HEIGHT, FONT] = [8.4, 18, 14];
const [MARGIN, BAR] = [16, 34];
const GROUND = '#14161b';
const TEXT = '#d8dce4';
/** The sixteen colours, by number. */
const COLOURS = [
  '#14161b',
  '#ff6b6b',
  '#7bd88f',
  '#ffcc66',
  '#6ea8fe',
  '#d19cff',
  '#4fd6e0',
  '#d8dce4',
  '#7d8596',
  '#ff8f8f',
  '#9be8ab',
  '#ffdd99',
  '#94c0ff',
  '#e2bfff',
  '#84e6ed',
  '#ffffff',
];
const EIGHTHS = '▏▎▍▌▋▊▉█';
const HEIGHTS = '▁▂▃▄▅▆▇█';

/** Blocks and lines are drawn, so that no font leaves gaps between them; null: it is text, or nothing. */
function shapeOf(char, x, y, colour) {
  const rect = (dx, dy, width, height, opacity = 1) => ({ x: x + dx, y: y + dy, width, height, colour, opacity });
  if (char === '') return null;
  const [top, high] = [3, CELL_HEIGHT - 6];
  const part = EIGHTHS.indexOf(char);
  if (part >= 0) return rect(0, top, (CELL_WIDTH * (part + 1)) / 8, high);
  const step = HEIGHTS.indexOf(char);
  if (step >= 0) return rect(0.5, top + (high * (7 - step)) / 8, CELL_WIDTH - 1, (high * (step + 1)) / 8);
  if (char === '░') return rect(0, top, CELL_WIDTH, high, 0.22);
  if (char === '━') return rect(0, CELL_HEIGHT / 2 - 2.5, CELL_WIDTH, 5);
  if (char === '─') return rect(0, CELL_HEIGHT / 2 - 0.5, CELL_WIDTH, 1);
  if (char === '╌') return rect(1, CELL_HEIGHT / 2 - 1.5, CELL_WIDTH - 3.5, 3);
  return null;
}

/** Lengthens the last shape where the next one goes on seamlessly: two edges would show a hair between them. */
function isContinued(last, { x, y, width, height, colour, opacity }) {
  const alike = last && last.y === y && last.height === height && last.colour === colour && last.opacity === opacity;
  if (!alike || Math.abs(last.x + last.width - x) > 0.01) return false;
  last.width += width;
  return true;
}

const rectOf = ({ x, y, width, height, colour, opacity }) =>
  `<rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" fill="${colour}"${opacity < 1 ? ` fill-opacity="${opacity}"` : ''}/>`;

const round = (n) => Number(n.toFixed(2));
const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** Of an xterm.Terminal: what is on its screen now. */
export function svgOf(terminal, title) {
  const { cols, rows } = terminal;
  const [width, height] = [cols * CELL_WIDTH + 2 * MARGIN, rows * CELL_HEIGHT + MARGIN + BAR];
  const shapes = [];
  const texts = [];
  for (let row = 0; row < rows; row++) drawRow(terminal.buffer.active.getLine(row), row, cols, { shapes, texts });
  const lamps = ['#ff6b6b', '#ffcc66', '#7bd88f']
    .map((colour, i) => `<circle cx="${MARGIN + 5 + i * 18}" cy="${BAR / 2}" r="5.5" fill="${colour}"/>`)
    .join('');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${round(width)} ${round(height)}" width="${round(width)}" height="${round(height)}" role="img">
<title>${escaped(title)}</title>
<rect x="0.5" y="0.5" width="${round(width - 1)}" height="${round(height - 1)}" rx="9" fill="${GROUND}" stroke="#3a404c"/>
${lamps}
<g>
${shapes.map(rectOf).join('\n')}
</g>
<g font-family="ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace" font-size="${FONT}" fill="${TEXT}" xml:space="preserve">
${texts.join('\n')}
</g>
</svg>
`;
}

/** Cells of one look as one text, held to its columns whatever the font's widths are. */
function drawRow(line, row, cols, { shapes, texts }) {
  const y = BAR + row * CELL_HEIGHT;
  let run = null;
  const end = () => {
    if (run && run.text.trim() !== '') texts.push(textOf(run, y));
    run = null;
  };
  for (let column = 0; column < cols; column++) {
    const cell = line?.getCell(column);
    const char = cell?.getChars() ?? '';
    const colour = colourOf(cell);
    const shape = shapeOf(char, MARGIN + column * CELL_WIDTH, y, colour);
    if (shape !== null || char === '' || char === ' ') {
      if (shape !== null && !isContinued(shapes.at(-1), shape)) shapes.push(shape);
      end();
      continue;
    }
    const look = `${colour} ${cell.isBold()}`;
    if (run?.look !== look) {
      end();
      run = { look, colour, bold: cell.isBold() !== 0, column, text: '', columns: 0 };
    }
    run.text += char;
    run.columns += cell.getWidth();
  }
  end();
}

function textOf({ text, colour, bold, column, columns }, y) {
  const attributes = [
    `x="${round(MARGIN + column * CELL_WIDTH)}"`,
    `y="${round(y + CELL_HEIGHT - 5)}"`,
    `textLength="${round(columns * CELL_WIDTH)}"`,
    'lengthAdjust="spacingAndGlyphs"',
    ...(colour === TEXT ? [] : [`fill="${colour}"`]),
    ...(bold ? ['font-weight="bold"'] : []),
  ];
  return `<text ${attributes.join(' ')}>${escaped(text)}</text>`;
}

function colourOf(cell) {
  if (!cell?.isFgPalette()) return TEXT;
  return COLOURS[cell.getFgColor()] ?? TEXT;
}
