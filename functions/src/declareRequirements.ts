/**
 * Declares the roles and APIs that the functions need. firebase-tools enables the APIs, creates a service account for this codebase
 * alone, and gives it these roles. So the functions can do nothing else in a project, whatever its default account may do.
 */
import { requiresAPI } from 'firebase-functions/v2';
import { requiresRole } from 'firebase-functions/v2/options';
import { APIS, ROLES } from './requirements.ts';

for (const role of Object.keys(ROLES) as (keyof typeof ROLES)[]) requiresRole(role);
for (const [api, reason] of Object.entries(APIS)) requiresAPI(`${api}.googleapis.com`, reason);
