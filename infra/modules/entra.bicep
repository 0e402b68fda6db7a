// The app registration that people sign in to the page with. No secret: the app's managed identity vouches for it.
extension microsoftGraphV1

@description('Key of the registration in the tenant; the same name finds it again at the next deployment.')
param uniqueName string

param displayName string
param pageUrl string

@description('Where people reach the page behind a domain of their own or Front Door; empty: at pageUrl alone.')
param publicUrl string
param identityPrincipalId string

@description('Object ids of users or groups, comma separated.')
param operatorIds string

@description('Object ids of users or groups, comma separated.')
param writerIds string

@description('Object ids of users or groups, comma separated.')
param readerIds string

var appRoles = loadJsonContent('../app-roles.json')
var readRoleId = filter(appRoles, role => role.value == 'Referrals.Read')[0].id
var writeRoleId = filter(appRoles, role => role.value == 'Referrals.Write')[0].id
var operateRoleId = filter(appRoles, role => role.value == 'Referrals.Operate')[0].id
var operators = empty(operatorIds) ? [] : split(operatorIds, ',')
var writers = empty(writerIds) ? [] : split(writerIds, ',')
var readers = empty(readerIds) ? [] : split(readerIds, ',')

resource application 'Microsoft.Graph/applications@v1.0' = {
  uniqueName: uniqueName
  displayName: displayName
  signInAudience: 'AzureADMyOrg'
  appRoles: appRoles
  web: {
    homePageUrl: '${empty(publicUrl) ? pageUrl : publicUrl}/app'
    redirectUris: union(
      [
        '${pageUrl}/.auth/login/aad/callback'
      ],
      empty(publicUrl) ? [] : [
        '${publicUrl}/.auth/login/aad/callback'
      ]
    )
    implicitGrantSettings: {
      enableIdTokenIssuance: true
    }
  }
  requiredResourceAccess: [
    {
      // Microsoft Graph: openid, profile, email
      resourceAppId: '00000003-0000-0000-c000-000000000000'
      resourceAccess: [
        {
          id: '37f7f235-527c-4136-accd-4a02d197296e'
          type: 'Scope'
        }
        {
          id: '14dad69e-099b-42c9-810b-d002981feec1'
          type: 'Scope'
        }
        {
          id: '64a6cdd6-aab1-4aaf-94b8-3cc8405e90d0'
          type: 'Scope'
        }
      ]
    }
  ]
}

resource federatedCredential 'Microsoft.Graph/applications/federatedIdentityCredentials@v1.0' = {
  name: '${application.uniqueName}/app-service-authentication'
  description: 'The managed identity of the function app stands for the registration instead of a secret.'
  audiences: [
    'api://AzureADTokenExchange'
  ]
  issuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
  subject: identityPrincipalId
}

// Only people with a role get in; everybody else is refused by Entra itself.
resource servicePrincipal 'Microsoft.Graph/servicePrincipals@v1.0' = {
  appId: application.appId
  appRoleAssignmentRequired: true
}

resource operatorAssignments 'Microsoft.Graph/appRoleAssignedTo@v1.0' = [for operator in operators: {
  appRoleId: operateRoleId
  principalId: trim(operator)
  resourceId: servicePrincipal.id
}]

resource writerAssignments 'Microsoft.Graph/appRoleAssignedTo@v1.0' = [for writer in writers: {
  appRoleId: writeRoleId
  principalId: trim(writer)
  resourceId: servicePrincipal.id
}]

resource readerAssignments 'Microsoft.Graph/appRoleAssignedTo@v1.0' = [for reader in readers: {
  appRoleId: readRoleId
  principalId: trim(reader)
  resourceId: servicePrincipal.id
}]

output clientId string = application.appId
