import { defineConfig } from 'tsdown';

export default defineConfig({
  entry: ['src/index.ts'],
  format: ['esm', 'cjs'],
  unbundle: true,
  fixedExtension: true,
  shims: true,
  dts: true,
  platform: 'node',
  target: 'node20',
  outDir: 'dist',
  clean: true,
});
