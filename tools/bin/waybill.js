#!/usr/bin/env node
console.error("waybill: this version has no commands yet; they arrive with the emulator.");
process.exitCode = 1;
