export interface Toast {
  id: number;
  text: string;
  kind: 'info' | 'error';
}

let next = 1;

class Toasts {
  items = $state<Toast[]>([]);

  private add(kind: Toast['kind'], text: string, ms: number): void {
    const id = next++;
    this.items = [...this.items, { id, text, kind }].slice(-4);
    window.setTimeout(() => this.remove(id), ms);
  }

  info(text: string): void {
    this.add('info', text, 4000);
  }
  error(text: string): void {
    this.add('error', text, 9000);
  }
  remove(id: number): void {
    this.items = this.items.filter((toast) => toast.id !== id);
  }
}

export const toasts = new Toasts();
