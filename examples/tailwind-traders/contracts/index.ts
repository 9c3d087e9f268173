/** The contracts of Tailwind Traders: everything that its services say to each other, and nothing of how they work. */
export { FiledInvoice, ImportInvoice, imports } from "./import.js";
export {
  CancelOrder,
  OrderCancelled,
  OrderPaid,
  OrderPlaced,
  PlaceOrder,
  ordering,
  orders,
} from "./orders.js";
export { ChargeCard, billing } from "./billing.js";
export { LineSold, TillClosed, sales } from "./sales.js";
export { OrderShipped, shipments } from "./shipping.js";
export { VideoUploaded, videos } from "./media.js";
