/**
 * The map: grid, picture, fog and tokens on SVG, one unit a cell. Tokens are moved by dragging, by tapping one and then a cell, or by
 * the arrow keys and Enter; where one is about to go is shown with its distance before it goes.
 */
import { announce, byId, el } from './ui.js';
import { covered, distance } from './tabletop-state.js';

const SVG = 'http://www.w3.org/2000/svg';
/** Pixels of a cell, from far to near. */
const ZOOMS = [12, 18, 26, 36, 48, 64];
/** Fingers shake: less than this many pixels is a tap. */
const DRAG_FROM = 6;
/** Fingers need larger cells. */
const touch = matchMedia('(pointer: coarse)');
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** An SVG element. */
function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) if (value != null && value !== false) element.setAttribute(name, value);
  element.append(...children.filter(Boolean));
  return element;
}

const letters = (name) => [...name.trim()].slice(0, 2).join('').toUpperCase();

/** `table` as in tabletop-talk.js. Returns `{ render }`. */
export function map(table) {
  const canvas = byId('map');
  let zoom = null;
  /** The token that is chosen, and where it is about to go; or the cells between which is measured. */
  const now = { chosen: null, at: null, tool: null, from: null, drag: null, key: '' };

  const state = () => table.state();
  const tokenOf = (id) => state().tokens.find((token) => token.token_id === id);
  const mayMove = (token) => !table.over() && token && (table.isDm() || (token.owner != null && token.owner === table.seat()));
  const rules = () => ({ cell: state().map.cell, diagonals: state().settings.diagonals });
  const far = (from, to) => `${distance(from, to, rules())} ${state().map.unit}`;
  const clamp = ({ x, y }, size = 1) => ({ x: Math.min(Math.max(0, x), state().map.width - size), y: Math.min(Math.max(0, y), state().map.height - size) });

  // Drawing -------------------------------------------------------------------------------------------------------------------------

  function render() {
    const { map: plan, fog, tokens, turn, combat, settings } = state();
    canvas.toggleAttribute('hidden', !plan);
    byId('map-none').hidden = Boolean(plan);
    byId('map-tools').hidden = !plan;
    byId('fog-tools').hidden = !plan || !table.isDm() || !fog.enabled || table.over();
    byId('map-name').textContent = plan?.name || 'Map';
    if (!plan) return;
    if (now.chosen && !tokenOf(now.chosen)) choose(null);
    const active = combat.combatants.find(({ combatant_id: id }) => id === turn?.combatant_id)?.token_id;
    const key = JSON.stringify([plan, fog, tokens, active, settings.diagonals, table.seat(), table.isDm(), table.over(), now.chosen, now.at, now.tool, now.from, zoom]);
    if (key === now.key) return;
    now.key = key;
    const focused = canvas.contains(document.activeElement) ? document.activeElement.dataset.token : null;
    fit(plan);
    canvas.replaceChildren(definitions(plan), ground(plan), svg('rect', { class: 'grid', width: plan.width, height: plan.height, fill: 'url(#map-grid)' }), fogOf(plan, fog),
      ...[...tokens].sort((a, b) => b.size - a.size || a.token_id - b.token_id).map((token) => piece(token, token.token_id === active)), ghost());
    if (focused) canvas.querySelector(`[data-token="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
    byId('map-move').hidden = !(now.chosen && now.at);
    hint();
  }

  /** The whole map if it can be made out, else as much as can be. */
  function fit({ width, height }) {
    const room = byId('map-scroll').clientWidth || 320;
    const size = zoom ?? Math.max(touch.matches ? ZOOMS[2] : ZOOMS[1], Math.min(ZOOMS.at(-1), Math.floor(room / width)));
    canvas.setAttribute('viewBox', `0 0 ${width} ${height}`);
    canvas.setAttribute('width', width * size);
    canvas.setAttribute('height', height * size);
    return size;
  }

  function definitions({ width, height }) {
    return svg('defs', {},
      svg('pattern', { id: 'map-grid', width: 1, height: 1, patternUnits: 'userSpaceOnUse' }, svg('path', { class: 'grid-line', d: 'M1 0H0V1' })),
      svg('clipPath', { id: 'token-shape', clipPathUnits: 'objectBoundingBox' }, svg('circle', { cx: 0.5, cy: 0.5, r: 0.5 })),
      svg('clipPath', { id: 'map-edge' }, svg('rect', { width, height })));
  }

  const picture = (id, place) => svg('image', { href: `/api/rooms/${table.code}/images/${id}`, ...place });

  function ground({ width, height, background }) {
    const floor = svg('rect', { class: 'ground', width, height });
    return background ? svg('g', {}, floor, picture(background, { width, height, preserveAspectRatio: 'none' })) : floor;
  }

  function fogOf(plan, fog) {
    if (!fog.enabled) return null;
    let path = '';
    covered(plan, fog).forEach((row, y) => {
      for (let x = 0; x < row.length; x += 1) {
        if (!row[x]) continue;
        let end = x;
        while (end < row.length && row[end]) end += 1;
        path += `M${x} ${y}H${end}V${y + 1}H${x}z`;
        x = end;
      }
    });
    return svg('path', { class: table.isDm() ? 'fog thin' : 'fog', d: path, 'data-testid': 'fog' });
  }

  function piece(token, active) {
    const { token_id: id, name, x, y, size, color, image_id: image, hidden, seen } = token;
    const secret = hidden || seen === false;
    const own = token.owner != null && token.owner === table.seat();
    const movable = mayMove(token);
    const group = svg('g', {
      class: ['token', own && 'own', active && 'active', secret && 'secret', movable && 'movable', id === now.chosen && 'chosen'].filter(Boolean).join(' '),
      transform: `translate(${x} ${y})`, tabindex: movable || table.isDm() ? 0 : -1, role: movable ? 'button' : 'img', 'data-token': id, 'data-testid': `token-${name}`,
      'aria-label': `${name}, column ${x + 1}, row ${y + 1}${active ? ', whose turn it is' : ''}${secret ? ', not seen by players' : ''}${movable ? '. Arrow keys move.' : ''}`,
    });
    const [middle, radius] = [size / 2, size * 0.42];
    const disc = svg('circle', { class: 'disc', cx: middle, cy: middle, r: radius });
    if (color) disc.style.fill = color;
    group.append(disc);
    if (image) group.append(picture(image, { x: middle - radius, y: middle - radius, width: radius * 2, height: radius * 2, preserveAspectRatio: 'xMidYMid slice', 'clip-path': 'url(#token-shape)' }));
    else group.append(svg('text', { x: middle, y: middle, 'font-size': size * 0.34, 'aria-hidden': 'true' }, letters(name)));
    group.append(svg('circle', { class: 'ring', cx: middle, cy: middle, r: radius }), svg('title', {}, name));
    group.addEventListener('keydown', (event) => keyed(event, token));
    return group;
  }

  /** Where the chosen token is about to go, or what is measured. */
  function ghost() {
    const { chosen, at, from, tool } = now;
    const token = chosen && tokenOf(chosen);
    if (token && at) {
      const half = token.size / 2;
      return svg('g', { class: 'ghost', 'aria-hidden': 'true' },
        svg('line', { x1: token.x + half, y1: token.y + half, x2: at.x + half, y2: at.y + half }), svg('circle', { cx: at.x + half, cy: at.y + half, r: token.size * 0.42 }));
    }
    if (!from || !at) return null;
    if (tool === 'measure') return svg('g', { class: 'ghost', 'aria-hidden': 'true' }, svg('line', { x1: from.x + 0.5, y1: from.y + 0.5, x2: at.x + 0.5, y2: at.y + 0.5 }));
    const area = between(from, at);
    return svg('rect', { class: 'ghost area', x: area.x, y: area.y, width: area.w, height: area.h, 'aria-hidden': 'true' });
  }

  const between = (a, b) => ({ x: Math.min(a.x, b.x), y: Math.min(a.y, b.y), w: Math.abs(a.x - b.x) + 1, h: Math.abs(a.y - b.y) + 1 });

  function hint() {
    const token = now.chosen && tokenOf(now.chosen);
    let text = '';
    if (token && now.at) text = `${token.name}: ${far(token, now.at)}${token.speed != null && state().combat.active ? `, ${token.moved ?? 0} of ${token.speed} ${state().map.unit} gone this turn` : ''}`;
    else if (token) text = `${token.name} is chosen. Tap where it goes, drag it, or use the arrow keys.`;
    else if (now.tool === 'measure') text = now.from && now.at ? far(now.from, now.at) : 'Drag from one cell to another.';
    else if (now.tool) text = `Drag over what to ${now.tool}.`;
    if (byId('map-hint').textContent !== text) byId('map-hint').textContent = text;
  }

  // Moving --------------------------------------------------------------------------------------------------------------------------

  function choose(id) {
    now.chosen = id;
    now.at = null;
    now.from = null;
  }

  async function go() {
    const { chosen, at } = now;
    const token = tokenOf(chosen);
    now.at = null;
    if (!token || !at || (at.x === token.x && at.y === token.y)) return render();
    // There at once, and back if the server says no.
    const was = { x: token.x, y: token.y };
    Object.assign(token, at);
    render();
    if (!(await table.act('token_move', { token_id: chosen, ...at }))) {
      const still = tokenOf(chosen);
      if (still) Object.assign(still, was);
      render();
    }
  }

  function keyed(event, token) {
    const step = ARROWS[event.key];
    if (event.key === 'Escape') {
      choose(null);
      announce('Not moved.');
    } else if ((event.key === 'Enter' || event.key === ' ') && now.chosen === token.token_id && now.at) {
      go();
      choose(null);
      announce(`${token.name} is moved.`);
    } else if (step && mayMove(token)) {
      if (now.chosen !== token.token_id) choose(token.token_id);
      const from = now.at ?? token;
      now.at = clamp({ x: from.x + step[0], y: from.y + step[1] }, token.size);
      announce(`To column ${now.at.x + 1}, row ${now.at.y + 1}, ${far(token, now.at)}. Enter moves.`);
    } else if (event.key === 'Enter' || event.key === ' ') choose(mayMove(token) ? token.token_id : null);
    else return;
    event.preventDefault();
    render();
  }

  /** The cell under a pointer. */
  function cell(event) {
    const box = canvas.getBoundingClientRect();
    const { width, height } = state().map;
    return clamp({ x: Math.floor(((event.clientX - box.left) / box.width) * width), y: Math.floor(((event.clientY - box.top) / box.height) * height) });
  }

  canvas.addEventListener('pointerdown', (event) => {
    if (event.button !== 0 || !state()?.map) return;
    const here = cell(event);
    const token = tokenOf(Number(event.target.closest('[data-token]')?.dataset.token));
    if (now.tool) {
      now.from = here;
      now.at = here;
      now.drag = { area: true };
    } else if (mayMove(token)) {
      now.drag = { id: token.token_id, grip: { x: here.x - token.x, y: here.y - token.y }, x: event.clientX, y: event.clientY, moved: false };
    } else {
      now.drag = { tap: true, x: event.clientX, y: event.clientY };
      return;
    }
    canvas.setPointerCapture(event.pointerId);
    if (now.tool || event.pointerType === 'mouse') event.preventDefault();
    render();
  });

  canvas.addEventListener('pointermove', (event) => {
    const { drag } = now;
    if (!drag || drag.tap) return;
    if (drag.area) now.at = cell(event);
    else {
      if (!drag.moved && Math.hypot(event.clientX - drag.x, event.clientY - drag.y) < DRAG_FROM) return;
      if (!drag.moved) choose(drag.id);
      drag.moved = true;
      const here = cell(event);
      const token = tokenOf(drag.id);
      if (!token) return;
      now.at = clamp({ x: here.x - drag.grip.x, y: here.y - drag.grip.y }, token.size);
    }
    render();
  });

  canvas.addEventListener('pointerup', (event) => {
    const { drag } = now;
    now.drag = null;
    if (!drag) return;
    if (drag.area) return ended();
    if (drag.tap) {
      if (Math.hypot(event.clientX - drag.x, event.clientY - drag.y) > DRAG_FROM || !now.chosen) return;
      const token = tokenOf(now.chosen);
      now.at = token ? clamp(cell(event), token.size) : null;
      return render();
    }
    if (drag.moved) {
      go();
      choose(null);
    } else {
      choose(now.chosen === drag.id ? null : drag.id);
      canvas.querySelector(`[data-token="${drag.id}"]`)?.focus({ preventScroll: true });
    }
    render();
  });
  canvas.addEventListener('pointercancel', () => {
    now.drag = null;
    now.at = null;
    render();
  });

  /** A dragged area: measured, revealed or covered. */
  function ended() {
    if (now.tool !== 'measure' && now.from && now.at) {
      table.act('fog_set', { areas: [{ ...between(now.from, now.at), revealed: now.tool === 'reveal' }] });
      now.from = null;
      now.at = null;
    }
    render();
  }

  function pick(tool) {
    choose(null);
    now.tool = now.tool === tool ? null : tool;
    for (const [id, one] of [['map-measure', 'measure'], ['fog-reveal', 'reveal'], ['fog-cover', 'cover']]) byId(id).setAttribute('aria-pressed', String(now.tool === one));
    canvas.classList.toggle('drawing', Boolean(now.tool));
    render();
  }

  function zoomBy(step) {
    const size = canvas.getBoundingClientRect().width / state().map.width;
    const next = step > 0 ? ZOOMS.find((one) => one > size + 1) : ZOOMS.findLast((one) => one < size - 1);
    zoom = next ?? zoom;
    render();
  }

  byId('map-go').addEventListener('click', () => {
    go();
    choose(null);
    render();
  });
  byId('map-stay').addEventListener('click', () => {
    choose(null);
    render();
  });
  byId('map-measure').addEventListener('click', () => pick('measure'));
  byId('fog-reveal').addEventListener('click', () => pick('reveal'));
  byId('fog-cover').addEventListener('click', () => pick('cover'));
  byId('map-in').addEventListener('click', () => zoomBy(1));
  byId('map-out').addEventListener('click', () => zoomBy(-1));

  return { render };
}

/** A dot in a token's colour, for lists. */
export const dot = (color) => {
  const sign = el('span', { class: 'token-dot', 'aria-hidden': 'true' });
  if (color) sign.style.background = color;
  return sign;
};
